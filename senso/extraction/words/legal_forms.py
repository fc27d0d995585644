"""Legal forms of companies, which are no part of a name: of forty countries, as the tokens that end or begin a name.

After the ISO 20275 list of entity legal forms (GLEIF) for these countries, in the compared form: without dots and
accents, "&" as "and". Forms of one or two letters that are words elsewhere (AS, SA, AB) go only at the end of
a name that has another word.
"""

from collections.abc import Sequence

from senso.extraction.words.folding import folded
from senso.extraction.words.tokens import divided

BY_COUNTRY = {
    "us": "limited liability company|limited partnership|inc|incorporated|llc|l l c|corp|corporation|co|company|na|"
    "n a|lp|llp|pllc|pbc|pc",
    "gb ie": "public limited company|ltd|limited|plc|llp|cic|dac|clg|unlimited company",
    "de at ch": "aktiengesellschaft|gesellschaft mit beschränkter haftung|gmbh|mbh|gmbh and co kg|gmbh and co kgaa|"
    "ag|ag and co kg|kg|kgaa|ohg|og|gbr|ug|ug haftungsbeschrankt|"
    "eg|e g|genossenschaft|eingetragene genossenschaft|ev|e v|se|ek|e k|e u|sarl|sagl",
    "fr be lu": "société anonyme|s a rl|bvba|cvba|cie|et cie|and cie|sa|sas|sasu|sarl|eurl|snc|scs|sca|sci|scop|gie|"
    "srl|bv|nv|sprl|asbl|sc",
    "es mx ar co cl pe": "sapi de cv|sociedad limitada|y cia|and cia|sl|s l|slu|sa|sau|sll|sc|s c|sa de cv|sab de cv|"
    "s de rl de cv|s de rl|sas|srl|spa|eirl|"
    "sociedad anonima|ltda|limitada",
    "it": "società per azioni|società a responsabilità limitata|spa|s p a|srl|srls|snc|sas|sapa|soc coop|scarl",
    "pt br": "sociedade anônima|e cia|lda|ltda|limitada|sa|s a|eireli|me|epp|unipessoal lda|sgps",
    "nl": "naamloze vennootschap|besloten vennootschap|bv|b v|nv|n v|vof|cv|cooperatie ua|ua",
    "se": "aktiebolag|aktiebolaget|ab|a b|ab publ|hb|kb",
    "no": "aksjeselskap|allmennaksjeselskap|as|asa|ans|da",
    "dk": "aktieselskab|anpartsselskab|a s|aps|as|i s|k s|p s",
    "fi": "osakeyhtiö|oy|oyj|abp|ab|ky|osk|tmi",
    "pl": "spolka z oo|sp z o o|sp z oo|spolka z o o|s a|sa|sp k|sp j|spolka z ograniczona odpowiedzialnoscia|"
    "spolka akcyjna|psa|ska|s k a",
    "cz sk": "s r o|sro|spol s r o|spol s ro|a s|as|v o s|k s|akciova spolecnost",
    "hu": "kft|zrt|nyrt|bt|rt|kkt|kht",
    "ro": "srl|sa|snc|pfa",
    "gr": "ανώνυμη εταιρεία|ανώνυμη εταιρία|ae|a e|epe|e p e|ike|oe|αε|α ε|επε|ικε",
    "tr": "as|a s|anonim sirketi|ltd sti|limited sirketi|sti|tas|t a s|san ve tic as|san ve tic a s|san tic as|tic as|"
    "san ve tic ltd sti|sanayi ve ticaret as|sanayi ve ticaret anonim sirketi|sanayi ve ticaret ltd sti|ticaret as",
    "ru ua": "тзов|зат|ват|пат|нао|ооо|ао|пао|зао|оао|ип|тов|прат|ooo|oao|pao|zao|ao|jsc|pjsc",
    "bg": "оод|еоод|ад|ood|eood|ad",
    "hr si rs": "d o o|doo|d d|dd|ad",
    "ee lv lt": "ou|as|sia|uab|ab",
    "il": "bm|b m|בעמ|בע מ",
    "jp": "kk|k k|gk|yk|co ltd|kabushiki kaisha|yugen kaisha|godo kaisha|株式会社|合同会社|有限会社",
    "cn tw hk": "co ltd|company limited|有限公司|有限责任公司|股份有限公司|控股有限公司|集团有限公司|股份公司|集团",
    "kr": "co ltd|주식회사|유한회사|주",
    "in pk": "प्राइवेट लिमिटेड|प्रा लि|लिमिटेड|লিমিটেড|pvt ltd|private limited|pvt|ltd|llp|pvt limited",
    "sg my id th vn ph": "จำกัด|จำกัด มหาชน|pte ltd|pte|sdn bhd|bhd|berhad|pt|tbk|pcl|co ltd|public company limited|"
    "jsc|cong ty|inc",
    "au nz za": "pty ltd|pty limited|pty|proprietary limited|nl|soc",
    "ae sa eg": "ش م ع|شمع|ش م م|شمم|ذ م م|ذمم|المحدودة|llc|fzco|fze|fz llc|llc fz|"
    "dmcc|wll|pjsc|sae|ksc|kscc|saog|saoc|psc",
    "is": "hf|ehf",
}
# The name, mostly; the longer ones first.
BEFORE = (
    "công ty trách nhiệm hữu hạn|công ty cổ phần|công ty tnhh|công ty cp|công ty|ctcp|บริษัท|شركة|شرکت|"
    "株式会社|有限会社|合同会社|ип|оод|еоод|ооо|ао|пао|зао|оао|нао|тов|тзов|зат|ват|прат|pt|uab|sia|주식회사|주"
)


def tokens(form: str) -> tuple[str, ...]:
    """As those of a name: a Chinese character is one, and so is a Thai consonant with its vowels."""
    return tuple(divided(folded(form).text).line.split())


ALL = frozenset(tokens(form) for forms in BY_COUNTRY.values() for form in forms.split("|"))
FIRST = tuple(map(tokens, BEFORE.split("|")))
AFTER_AND = frozenset({"co", "cie", "cia", "company"})
LONGEST = max(map(len, ALL))


def without_legal_form(name: Sequence[str]) -> list[str]:
    """The tokens of a name without its legal forms; a name of nothing else stays as it is."""
    left = list(name)
    while size := ending(left):
        form, left = left[-size:], left[:-size]
        if form[0] in AFTER_AND and len(left) > 1 and left[-1] in {"and", "+"}:
            left.pop()
    size = next((len(form) for form in FIRST if len(form) < len(left) and tuple(left[: len(form)]) == form), 0)
    return left[size:]


def ending(name: Sequence[str]) -> int:
    """How many tokens at the end are a legal form, the longest; not all of them."""
    sizes = range(min(LONGEST, len(name) - 1), 0, -1)
    return next((size for size in sizes if tuple(name[-size:]) in ALL), 0)
