"""How a name is inflected: case endings, particles, articles that are written together with it.

In these languages a word may be the name and something more that does not change which organisation is meant. The
endings are those of names in the singular: what is declined as a plural is mostly the common word.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

# Arabic: and, so; in, for, as; the. Hebrew: and, the, in, to, from, that, as.
ARABIC_BEFORE, ARABIC_ARTICLE = "[وف]?[بلك]?", "\u0627\u0644"
WITH_ARTICLE = "(?:[وف]?[بك]?\u0627\u0644|[وف]?\u0644\u0644)"
HEBREW_BEFORE = "[והבלמשכ]{0,3}"
# Korean: particles that others may follow, a few, and those that end a word.
PARTICLES = (
    "(?:에서|에게|에|께서|께|한테|으로서|로서|으로써|로써|으로|로|와|과|만큼|만|까지|부터|보다|처럼|마다|뿐|조차|마저|밖에|"
    "이랑|랑|하고|이라고|라고|이라도|라도|든지|대로|측){0,3}"
    "(?:은|는|이|가|을|를|의|도|이나|나|같은|이라는|라는|이란|란|이라면|라면|이며|며|입니다|인데|인|이다|이에요|예요|이고|고|"
    "이라서|라서|이지만|지만|이었다|였다|이야|야|이죠|죠|이네요|네요)?"
)
GREEK = {"οσ": "ου|ο|ον|ε", "ασ": "α|αν", "ησ": "η|ην", "α": "ασ|αν", "η": "ησ|ην", "ο": "ου|ον"}
# Russian, Ukrainian, Bulgarian: by the ending of the name itself, which gives way; "" is a consonant.
CYRILLIC = {
    "ый": "ого|ому|ым|ом",
    "ий": "его|ого|ему|ому|им|ем|ом",
    "ой": "ого|ому|им|ым|ом",
    "ая": "ой|ую|ою",
    "яя": "ей|юю|ею",
    "ое": "ого|ому|ым|им|ом",
    "ее": "его|ему|им|ем",
    "ые": "ых|ым|ыми",
    "ие": "их|им|ими",
    "ок": "ка|ку|ком|ке",
    "ец": "ца|цу|цем|це",
    "а": "ы|и|е|у|ой|ою|ей|і",
    "я": "и|е|ю|ей|ею|ї|і",
    "ь": "я|ю|ем|е|и|ью|і",
    "й": "я|ю|ем|е|єм|ї",
    "о": "а|у|ом|е|і",
    "е": "я|ю|ем|а|у",
    "": "а|у|ом|ем|е|ові|і|ът",
}
# In Latin letters: function words by which a text is told, and endings by the ending of the name; German adjectives in
# the middle of a name are declined, too.
FUNCTION_WORDS = {
    "de": "der die und ist nicht mit fur ein eine auch bei wird",
    "tr": "ve bir icin ile bu da de cok olarak daha en gibi",
    "pl": "i w nie na jest sie z do to dla ale oraz",
    "cs": "a je na se v pro nebo ale jako si ma jsou",
    "sk": "a je na sa v pre alebo ale ako si ma su",
    "hr": "i je u na se za ili ali kao su od da",
    "hu": "a az es nem egy hogy van is de meg ha csak",
    "fi": "ja on ei se joka kun myos ovat tai mutta jos sen",
    "sv": "och ar en att som for med inte av den det pa",
    "da": "og er en at som for med ikke af den det pa",
    "nl": "de het een en van is voor niet met ook zijn bij",
    "ro": "si este de la in nu cu pentru o sau care mai",
    "en": "the and is of to for with a in are it you",
    "fr": "le la les et est des un une pour dans de pas",
    "es": "el la los y es de un una para con que no",
    "it": "il la e di che un una per con non del sono",
    "pt": "o a os e de um uma para com nao que do",
}
LANGUAGES_OF = {
    word: [name for name, words in FUNCTION_WORDS.items() if word in words.split()]
    for word in " ".join(FUNCTION_WORDS.values()).split()
}
TURKISH = (
    "(?:[iu]m|[iu]n|s?[iu]|[iu]m[iu]z|[iu]n[iu]z)?"
    "(?:n?d[ae](?:n|ki)?|t[ae](?:n|ki)?|n?[iu]n(?:ki)?|n?[ae]|y[iu]|n[iu]|y?l[ae]|c[ae]|l[iu]|s[iu]z|d[iu]r)?"
)
HUNGARIAN = "ban|ben|nak|nek|bol|rol|tol|hoz|hez|val|vel|n|on|en|t|ot|et|at|ra|re|ba|be|nal|nel|ert|kent|ig|es|os|i"
FINNISH = "n|in|a|ta|ssa|sta|lla|lta|lle|ksi|na|en|on|an|un|iin|issa|illa|ista"
LATIN = {
    "de": {"": "s|es"},
    "sv": {"": "s"},
    "da": {"": "s"},
    "nl": {"": "s"},
    "tr": {"": TURKISH},
    "hu": {"": HUNGARIAN},
    "fi": {"": FINNISH},
    "pl": {"a": "y|i|e|ie|o|ej|om", "o": "a|u|em|ie", "e": "a|u|em", "": "u|a|owi|em|iem|ie"},
    "cs": {"a": "y|i|e|u|ou", "o": "a|u|em", "e": "a|i|em", "": "u|a|ovi|em|e"},
    "sk": {"a": "y|i|e|u|ou", "o": "a|u|om|e", "e": "a|u|om", "": "u|a|ovi|om|e"},
    "hr": {"a": "e|i|u|om", "o": "a|u|om", "e": "a|u|em", "": "a|u|om|em"},
    "ro": {"": "ul|ului"},
}
FOREIGN = re.compile("[\u05d0-\u05ea\u0620-\u064a\uac00-\ud7a3]")
# By the ending of the name, which gives way: Bengali, Tamil, Telugu, Kannada, Malayalam, Georgian, Armenian.
BY_SCRIPT = {
    "BENGALI": {"": "র|ের|এর|কে|তে|য়|ে|ই|ও|টি|টির"},
    "TAMIL": {
        "்": "ில்|ின்|ுக்கு|ை|ிலிருந்து|ும்|ிடம்|ுடன்",
        "": "யில்|யின்|க்கு|யை|யும்|யிலிருந்து|வில்|வின்|வுக்கு|வை|வும்",
    },
    "TELUGU": {"": "లో|కు|కి|ని|ను|తో|నుండి|లోని|ులో|ుకు|ును"},
    "KANNADA": {"": "ನಲ್ಲಿ|ಯಲ್ಲಿ|ದಲ್ಲಿ|ಗೆ|ಕ್ಕೆ|ನ|ಯ|ನ್ನು|ಯನ್ನು", "್": "್(?:ನಲ್ಲಿ|ಗೆ|ನ)|ಿನ|ಿನಲ್ಲಿ|ಿಗೆ"},
    "MALAYALAM": {"്": "ിൽ|ിന്റെ|ിന്|ിനെ|ും|ിലെ", "": "യിൽ|യുടെ|യ്ക്ക്|യെ|യും|യിലെ|ന്റെ"},
    "GEORGIAN": {"ი": "ის|ს|მა|ში|ად|ით|ზე|თან|ისთვის|იდან", "": "ს|ში|ზე|მ|თი|დან|სთან|სთვის"},
    "ARMENIAN": {"": "ի|ը|ն|ում|ից|ով|ին"},
}
GIVING_WAY = {"CYRILLIC": CYRILLIC, "GREEK": GREEK, **BY_SCRIPT}
# Adjectives in the names of these languages are declined with it.
SLAVIC = ("pl", "cs", "sk", "hr")
ADJECTIVES = {"i": "iego|iemu|im|iho|imu", "y": "ego|emu|ym|eho|og|om"}
LATIN_ENDINGS = "aoe"  # those that give way
GERMAN_ADJECTIVE = re.compile(r"[a-z]{4,}e")
SHORTEST_STEM = 3
LEAST_WORDS = 3  # of a language, before its endings are believed


@lru_cache(maxsize=64)
def language(line: str) -> str | None:
    """The language of a text in Latin letters, by its function words. `line`: tokens with a space on each side."""
    found = Counter(line.split())
    counts = Counter[str]()
    for word in found.keys() & LANGUAGES_OF.keys():
        for name in LANGUAGES_OF[word]:
            counts[name] += found[word]
    best = max(FUNCTION_WORDS, key=counts.__getitem__)  # the first of several
    return best if counts[best] >= LEAST_WORDS else None


@lru_cache(maxsize=4096)
def inflected(form: str, spoken: str | None) -> re.Pattern[str] | None:
    """Finds `form`, tokens with a space before each, with endings. None: its script and language have none.

    `spoken`: the language of the text, which counts for Latin letters only.
    """
    tokens = form.split()
    script = script_of(tokens[-1][-1])
    if script == "LATIN":
        written = latin(tokens, spoken) if spoken in LATIN else None
    else:
        made = {
            **dict.fromkeys(BY_SCRIPT, by_script),
            "CYRILLIC": cyrillic,
            "ARABIC": arabic,
            "HEBREW": hebrew,
            "HANGUL": hangul,
            "GREEK": greek,
        }
        written = made[script](tokens) if script in made else None
    return None if written is None else re.compile(f"(?<= ){written}(?= )")


@lru_cache(maxsize=64)
def has_foreign(line: str) -> bool:
    """Whether a text has letters of a script in which a Latin name takes particles without a space."""
    return FOREIGN.search(line) is not None


@lru_cache(maxsize=4096)
def among_foreign(form: str) -> re.Pattern[str]:
    """Finds a name in Latin letters or figures with what Korean, Arabic and Hebrew write together with it."""
    written = " ".join(map(re.escape, form.split()))
    return re.compile(f"(?<= )(?:{ARABIC_BEFORE}(?:{ARABIC_ARTICLE})?|{HEBREW_BEFORE}){written}{PARTICLES}(?= )")


def stem(form: str) -> str:
    """What each inflected form of `form` has in common with it; "" if that is too little to be looked for."""
    tokens = form.split()
    script = script_of(tokens[0][-1])
    inner = script in GIVING_WAY or (script == "LATIN" and len(tokens) > 1 and len(tokens[0]) > SHORTEST_STEM)
    kept = (tokens[0] if inner else " ".join(tokens)).removeprefix(ARABIC_ARTICLE)
    if inner or script_of(tokens[-1][-1]) == "LATIN":
        kept = kept.removesuffix(own_ending(kept, GIVING_WAY.get(script, LATIN_ENDINGS)))
    return kept if len(kept) >= (SHORTEST_STEM if script != "HANGUL" else 1) else ""


def is_latin(letter: str) -> bool:
    return script_of(letter) == "LATIN"


def script_of(letter: str) -> str:
    """The block that the letter is in, by ranges: only those that are inflected."""
    for name, low, high in SCRIPTS:
        if low <= letter <= high:
            return name
    return ""


SCRIPTS = (
    ("LATIN", "a", "\u024f"),
    ("GREEK", "\u0370", "\u03ff"),
    ("CYRILLIC", "\u0400", "\u052f"),
    ("ARMENIAN", "\u0530", "\u058f"),
    ("BENGALI", "\u0980", "\u09ff"),
    ("TAMIL", "\u0b80", "\u0bff"),
    ("TELUGU", "\u0c00", "\u0c7f"),
    ("KANNADA", "\u0c80", "\u0cff"),
    ("MALAYALAM", "\u0d00", "\u0d7f"),
    ("GEORGIAN", "\u10d0", "\u10ff"),
    ("HEBREW", "\u0590", "\u05ff"),
    ("ARABIC", "\u0600", "\u06ff"),
    ("HANGUL", "\uac00", "\ud7a3"),
)


def latin(tokens: list[str], spoken: str | None) -> str:
    *first, last = tokens
    endings = LATIN[spoken or ""]
    if spoken in SLAVIC:
        return " ".join(with_ending(one, endings | ADJECTIVES) for one in tokens)
    adjectives = [f"{re.escape(one)}[nrs]?" if is_declined(one, spoken) else re.escape(one) for one in first]
    return " ".join([*adjectives, with_ending(last, endings)])


def is_declined(token: str, spoken: str | None) -> bool:
    return spoken == "de" and GERMAN_ADJECTIVE.fullmatch(token) is not None


def with_ending(token: str, endings: dict[str, str]) -> str:
    own = own_ending(token, endings)
    kept = token.removesuffix(own)
    if len(kept) < SHORTEST_STEM or own not in endings:
        return re.escape(token)
    return f"{re.escape(kept)}(?:{re.escape(own)}|{endings[own]})" if own else f"{re.escape(kept)}(?:{endings['']})?"


def own_ending(token: str, endings: Iterable[str]) -> str:
    return next((one for one in endings if one and token.endswith(one)), "")


def cyrillic(tokens: list[str]) -> str:
    return " ".join(
        with_ending(one, CYRILLIC) if script_of(one[-1]) == "CYRILLIC" else re.escape(one) for one in tokens
    )


def arabic(tokens: list[str]) -> str:
    first = tokens[0]
    bare = first.removeprefix(ARABIC_ARTICLE)
    before = WITH_ARTICLE if bare != first else ARABIC_BEFORE
    return before + " ".join(map(re.escape, [bare, *tokens[1:]]))


def by_script(tokens: list[str]) -> str:
    *first, last = tokens
    return " ".join([*map(re.escape, first), with_ending(last, BY_SCRIPT[script_of(last[-1])])])


def hebrew(tokens: list[str]) -> str:
    return HEBREW_BEFORE + " ".join(map(re.escape, tokens))


def hangul(tokens: list[str]) -> str:
    return " ".join(map(re.escape, tokens)) + PARTICLES


def greek(tokens: list[str]) -> str:
    return " ".join(with_ending(one, GREEK) if script_of(one[-1]) == "GREEK" else re.escape(one) for one in tokens)
