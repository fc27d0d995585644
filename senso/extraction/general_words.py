"""Which single words are words of a language before they are names: "shell" and "target", not "adidas".

Frequencies are those of the package wordfreq (its data: CC BY-SA 4.0), in its small lists, which hold what occurs more
than once in a million words. A brand is written alike everywhere, so it is about as frequent in other languages; a word
is not.
"""

import re
import statistics
import unicodedata

from senso.extraction.naming import frequent

NOUNS_IN_CAPITALS = ("de",)
COMPARED = ("en", "de", "fr", "es", "it")
LEAST = 3.0  # of what is listed
# By how many powers of ten a word is more frequent in its language than in the others; a singular needs less, since a
# brand is no plural.
OF_WORDS, OF_SINGULARS = 0.6, 0.2
SHORTEST_SINGULAR = 3
PLURALS = {"ies": "y", "ches": "ch", "shes": "sh", "xes": "x", "s": ""}
AS_LISTED = {"hr": "sh", "sr": "sh", "no": "nb"}
BY_SCRIPT = {"CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he"}
UKRAINIAN = re.compile("[іїєґ]")
# Words of trade that are written alike in many languages, or that no list has.
TRADE = frozenset(
    re.findall(
        r"\w+",
        """
        app apps bank banks banca banco bancos banque banques banken blog blogs broker brokers club clubs fintech
        fintechs forum forums hotel hotels insurtech insurtechs lender lenders insurer insurers insurance internet
        marketplace marketplaces media neobank neobanks neobroker neobrokers online platform platforms podcast podcasts
        saas shop shops software startup startups store stores supermarket supermarkets telecom telecoms web website
        websites
        """,
    )
)


def is_general(word: str, language: str | None) -> bool:
    """`language`: of the answer; None: not known, then English is taken."""
    folded = word.casefold()
    return folded in TRADE or surplus(folded, language_of(folded, language)) >= OF_WORDS


def is_plural(word: str, language: str | None) -> bool:
    """A word of trade, or the plural in -s of a word: no brand, however the answer shows it."""
    folded = word.casefold()
    singulars = [folded.removesuffix(end) + back for end, back in PLURALS.items() if folded.endswith(end)]
    return folded in TRADE or any(
        one in TRADE or surplus(one, language_of(one, language)) >= OF_SINGULARS
        for one in singulars
        if len(one) >= SHORTEST_SINGULAR
    )


def surplus(word: str, language: str) -> float:
    """By how many powers of ten it is more frequent in this language than in the middle one of the others."""
    return zipf(word, language) - statistics.median(zipf(word, one) for one in COMPARED if one != language)


def language_of(word: str, language: str | None) -> str:
    script = unicodedata.name(word[:1], "LATIN").split()[0]
    if script == "CYRILLIC" and UKRAINIAN.search(word):
        return "uk"
    said = BY_SCRIPT.get(script) or language or "en"
    return AS_LISTED.get(said, said)


def zipf(word: str, language: str) -> float:
    """The logarithm of how often it occurs in a thousand million words."""
    return (frequent.listed(language) or frequent.listed("en")).get(word, LEAST)
