"""Legal forms of companies, which are no part of a name: of forty countries, as the tokens that end or begin a name.

After the ISO 20275 list of entity legal forms (GLEIF) for these countries, in the compared form: without dots and
accents, "&" as "and". Forms of one or two letters that are words elsewhere (AS, SA, AB) go only at the end of
a name that has another word.
"""

from collections.abc import Sequence

BY_COUNTRY = {
    "us": "inc|incorporated|llc|l l c|corp|corporation|co|company|na|n a|lp|llp|pllc|pbc|pc",
    "gb ie": "ltd|limited|plc|llp|cic|dac|clg|unlimited company",
    "de at ch": "gmbh|mbh|gmbh and co kg|gmbh and co kgaa|ag|ag and co kg|kg|kgaa|ohg|og|gbr|ug|ug haftungsbeschrankt|"
    "eg|e g|ev|e v|se|ek|e k|e u|sarl|sagl",
    "fr be lu": "sa|sas|sasu|sarl|eurl|snc|scs|sca|sci|scop|gie|srl|bv|nv|sprl|asbl|sc",
    "es mx ar co cl pe": "sl|s l|slu|sa|sau|sll|sc|s c|sa de cv|sab de cv|s de rl de cv|s de rl|sas|srl|spa|eirl|"
    "sociedad anonima|ltda",
    "it": "spa|s p a|srl|srls|snc|sas|sapa|soc coop|scarl",
    "pt br": "lda|ltda|sa|s a|eireli|me|epp|unipessoal lda|sgps",
    "nl": "bv|b v|nv|n v|vof|cv|cooperatie ua|ua",
    "se": "ab|a b|ab publ|hb|kb",
    "no": "as|asa|ans|da",
    "dk": "a s|aps|as|i s|k s|p s",
    "fi": "oy|oyj|abp|ab|ky|osk",
    "pl": "sp z o o|sp z oo|spolka z o o|s a|sa|sp k|sp j|spolka z ograniczona odpowiedzialnoscia|spolka akcyjna|psa",
    "cz sk": "s r o|sro|spol s r o|spol s ro|a s|as|v o s|k s|akciova spolecnost",
    "hu": "kft|zrt|nyrt|bt|rt|kkt",
    "ro": "srl|sa|snc|pfa",
    "gr": "ae|a e|epe|e p e|ike|oe|αε|α ε|επε|ικε",
    "tr": "as|a s|anonim sirketi|ltd sti|limited sirketi|sti|tas|t a s",
    "ru ua": "ооо|ао|пао|зао|оао|ип|тов|прат|ooo|oao|pao|zao|ao|jsc|pjsc",
    "bg": "оод|еоод|ад|ood|eood|ad",
    "hr si rs": "d o o|doo|d d|dd|ad",
    "ee lv lt": "ou|as|sia|uab|ab",
    "il": "bm|b m|בעמ|בע מ",
    "jp": "kk|k k|gk|co ltd|kabushiki kaisha|株式会社|合同会社|有限会社",
    "cn tw hk": "co ltd|company limited|有限公司|有限责任公司|股份有限公司|控股有限公司|集团有限公司|股份公司|集团",
    "kr": "co ltd|주식회사|유한회사|주",
    "in pk": "pvt ltd|private limited|pvt|ltd|llp|pvt limited",
    "sg my id th vn ph": "pte ltd|pte|sdn bhd|bhd|berhad|pt|tbk|pcl|co ltd|public company limited|jsc|cong ty|inc",
    "au nz za": "pty ltd|pty limited|pty|proprietary limited|nl|soc",
    "ae sa eg": "llc|fzco|fze|fz llc|wll|pjsc|sae",
    "is": "hf|ehf",
}
BEFORE = "ооо|ао|пао|зао|оао|тов|pt|uab|株式会社|주식회사|주"  # the name, mostly


def tokens(form: str) -> tuple[str, ...]:
    """Chinese characters are tokens each, as in a name."""
    return tuple(
        part for word in form.split() for part in (word if word[0] >= "\u3000" and word[0] < "\ua000" else [word])
    )


ALL = frozenset(tokens(form) for forms in BY_COUNTRY.values() for form in forms.split("|"))
FIRST = tuple(map(tokens, BEFORE.split("|")))
LONGEST = max(map(len, ALL))


def without_legal_form(name: Sequence[str]) -> list[str]:
    """The tokens of a name without its legal forms; a name of nothing else stays as it is."""
    left = list(name)
    while size := ending(left):
        left = left[:-size]
    size = next((len(form) for form in FIRST if len(form) < len(left) and tuple(left[: len(form)]) == form), 0)
    return left[size:]


def ending(name: Sequence[str]) -> int:
    """How many tokens at the end are a legal form, the longest; not all of them."""
    sizes = range(min(LONGEST, len(name) - 1), 0, -1)
    return next((size for size in sizes if tuple(name[-size:]) in ALL), 0)
