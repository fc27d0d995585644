"""Legal forms of companies, which are no part of a name: of forty countries, as tokens that end or begin a name.

Compared with the ISO 20275 list of entity legal forms (GLEIF) for the countries named. Forms of one or two letters that
are words elsewhere (AS, SA, OY, AB) are taken off only at the end of a name that has another word.
"""

from collections.abc import Sequence

# By country, in the compared form: no dots, no accents, "&" as "and".
BY_COUNTRY = {
    "us": "inc|incorporated|llc|l l c|corp|corporation|co|company|na|n a|lp|llp|pllc|pbc|pc",
    "gb ie": "ltd|limited|plc|llp|cic|dac|clg|unlimited company",
    "de at ch": "gmbh|mbh|gmbh and co kg|gmbh and co kgaa|ag|ag and co kg|kg|kgaa|ohg|og|gbr|ug|ug haftungsbeschrankt|"
    "eg|e g|ev|e v|se|ek|e k|e u|sarl|sagl",
    "fr be lu": "sa|sas|sasu|sarl|eurl|snc|scs|sca|sci|scop|gie|srl|bv|nv|sprl|asbl|sc",
    "es mx ar co cl pe": "sl|s l|slu|sa|sau|sll|sc|s c|sa de cv|sab de cv|s de rl de cv|s de rl|sas|srl|spa|eirl|sociedad anonima|ltda",
    "it": "spa|s p a|srl|srls|snc|sas|sapa|soc coop|scarl",
    "pt br": "lda|ltda|sa|s a|eireli|me|epp|unipessoal lda|sgps",
    "nl": "bv|b v|nv|n v|vof|cv|cooperatie ua|ua",
    "se": "ab|a b|ab publ|hb|kb",
    "no": "as|asa|ans|da",
    "dk": "a s|aps|as|i s|k s|p s",
    "fi": "oy|oyj|ab|ky|osk",
    "pl": "sp z o o|spolka z o o|s a|sa|sp k|sp j|spolka z ograniczona odpowiedzialnoscia|spolka akcyjna|psa",
    "cz sk": "s r o|sro|spol s r o|a s|as|v o s|k s|akciova spolecnost",
    "hu": "kft|zrt|nyrt|bt|rt|kkt",
    "ro": "srl|sa|snc|pfa",
    "gr": "ae|a e|epe|e p e|ike|oe|\u03b1\u03b5|\u03b1 \u03b5|\u03b5\u03c0\u03b5|\u03b9\u03ba\u03b5",
    "tr": "as|a s|anonim sirketi|ltd sti|limited sirketi|sti|tas|t a s",
    "ru ua": "\u043e\u043e\u043e|\u0430\u043e|\u043f\u0430\u043e|\u0437\u0430\u043e|\u043e\u0430\u043e|\u0438\u043f|\u0442\u043e\u0432|\u043f\u0440\u0430\u0442|ooo|oao|pao|zao|ao|jsc|pjsc",
    "bg": "\u043e\u043e\u0434|\u0435\u043e\u043e\u0434|\u0430\u0434|ood|eood|ad",
    "hr si rs": "d o o|doo|d d|dd|ad",
    "ee lv lt": "ou|as|sia|uab|ab",
    "il": "bm|b m|\u05d1\u05e2\u05de|\u05d1\u05e2 \u05de",
    "jp": "kk|k k|gk|co ltd|kabushiki kaisha|\u682a \u5f0f \u4f1a \u793e|\u5408 \u540c \u4f1a \u793e|\u6709 \u9650 \u4f1a \u793e",
    "cn tw hk": "co ltd|company limited|\u6709 \u9650 \u516c \u53f8|\u6709 \u9650 \u8d23 \u4efb \u516c \u53f8|\u80a1 \u4efd \u6709 \u9650 \u516c \u53f8|"
    "\u63a7 \u80a1 \u6709 \u9650 \u516c \u53f8|\u96c6 \u56e2 \u6709 \u9650 \u516c \u53f8|\u6709 \u9650 \u516c \u53f8|\u80a1 \u4efd \u6709 \u9650 \u516c \u53f8",
    "kr": "co ltd|\uc8fc\uc2dd\ud68c\uc0ac|\uc720\ud55c\ud68c\uc0ac|\uc8fc",
    "in pk": "pvt ltd|private limited|pvt|ltd|llp|pvt limited",
    "sg my id th vn ph": "pte ltd|pte|sdn bhd|bhd|berhad|pt|tbk|pcl|co ltd|public company limited|jsc|cong ty|inc",
    "au nz za": "pty ltd|pty limited|pty|proprietary limited|nl|soc",
    "ae sa eg": "llc|fzco|fze|fz llc|wll|pjsc|sae",
    "is": "hf|ehf",
}  # fmt: skip
ALL = {tuple(form.split()) for forms in BY_COUNTRY.values() for form in forms.split("|")}
LONGEST = max(map(len, ALL))
# Before the name: Russian and Bulgarian companies, Indonesian ones, Japanese ones.
FIRST = {("\u043e\u043e\u043e",), ("\u0430\u043e",), ("\u043f\u0430\u043e",), ("\u0437\u0430\u043e",), ("\u043e\u0430\u043e",), ("\u0442\u043e\u0432",), ("pt",), ("\u682a", "\u5f0f", "\u4f1a", "\u793e"), ("\uc8fc\uc2dd\ud68c\uc0ac",)}  # fmt: skip


def without_legal_form(tokens: Sequence[str]) -> list[str]:
    """The tokens of a name without its legal forms; a name of nothing else stays as it is."""
    left = list(tokens)
    while size := ending(left):
        left = left[:-size]
    size = next((len(form) for form in FIRST if len(form) < len(left) and tuple(left[: len(form)]) == form), 0)
    return left[size:]


def ending(tokens: Sequence[str]) -> int:
    """How many tokens at the end are a legal form, the longest; not all of them."""
    sizes = range(min(LONGEST, len(tokens) - 1), 0, -1)
    return next((size for size in sizes if tuple(tokens[-size:]) in ALL), 0)
