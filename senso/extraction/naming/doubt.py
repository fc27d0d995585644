"""Which occurrences of a name may be a common word, so that only a model can tell.

"Target" in "set your target first" is a word of the language, and so may it be at the beginning of a sentence, in a
heading, and anywhere in German, where every noun has a capital. Elsewhere a capital says that a name is meant.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from senso.extraction.naming.frequent import zipf
from senso.extraction.words import Span, Text
from senso.extraction.words.endings import language

# By the letters of an answer; what is left is in Latin letters. The first that fits.
SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("uk", re.compile("[\u0456\u0457\u0454\u0491]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ur", re.compile("[\u0679\u0688\u06d2]")),
    ("fa", re.compile("[\u067e\u0686\u0698\u06af]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
)
NO_LIST = re.compile("[\u0e00-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
LETTER = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]{3,}")
LIST_NAMES = {"hr": "sh"}
WITH_CAPITAL_NOUNS = frozenset({"de"})
SHOWN_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian"}
SHOWN_LANGUAGES |= {"pt": "Portuguese", "nl": "Dutch", "tr": "Turkish", "pl": "Polish"}
LOOKED_AT = 4000  # characters of an answer, to tell its language
LEAST_SHARE = 0.3  # of the letters
NEAR = 120  # characters to each side that tell whether capitals are usual there
SHORT_ACRONYM = 2


@lru_cache(maxsize=64)
def language_of(answer: str, line: str) -> str | None:
    """`line`: the answer's tokens. None where there is no list. Latin letters that tell no more count as English."""
    letters = "".join(LETTER.findall(answer[:LOOKED_AT]))
    least = max(1, LEAST_SHARE * len(letters))
    if len(NO_LIST.findall(letters)) >= least:
        return None
    for name, pattern in SCRIPTS:
        if len(pattern.findall(letters)) >= (1 if name == "uk" else least):
            return name
    found = language(line[:LOOKED_AT]) or "en"
    return LIST_NAMES.get(found, found)


@dataclass(frozen=True)
class Doubt:
    """About occurrences of one name in one answer."""

    name: str
    text: Text

    def of(self, place: Span, sentence: Span) -> bool:
        """Whether only a model can say that the name is meant at `place`, which lies in `sentence`."""
        written = self.text.answer[place[0] : place[1]]
        if self.is_acronym:
            return not written.isupper()
        if self.is_phrase:  # "the best buy", not "Best Buy"
            return written.islower() and not self.name.islower() and self.is_common
        return self.is_common and not capital_of_its_own(self.text.answer, place, sentence, self.spoken)

    @cached_property
    def is_acronym(self) -> bool:
        return len(self.name) <= SHORT_ACRONYM and self.name.isascii() and self.name.isupper()

    @cached_property
    def is_phrase(self) -> bool:
        return " " in self.name.strip()

    @cached_property
    def spoken(self) -> str | None:
        return language_of(self.text.answer, self.text.words.line)

    @cached_property
    def is_common(self) -> bool:
        return self.spoken is not None and is_common(self.name, self.spoken)


@lru_cache(maxsize=8192)
def is_common(name: str, language: str) -> bool:
    """Of a name of several words: all of them."""
    return zipf(name, language) is not None or (
        " " in name and all(zipf(word, language) is not None for word in name.split())
    )


def capital_of_its_own(answer: str, place: Span, sentence: Span, spoken: str | None) -> bool:
    """Whether a capital says that it is a name; one that the language or the place demands says nothing."""
    start, end = place
    written, before = answer[start:end], answer[max(sentence[0], start - NEAR) : start]
    others: list[str] = [*WORD.findall(before), *WORD.findall(answer[end : min(sentence[1], end + NEAR)])]
    if len(written) > 1 and written.isupper():
        return sum(map(str.isupper, others)) * 2 < len(others)
    first = LETTER.search(written)
    if not first or not first[0].isupper() or spoken in WITH_CAPITAL_NOUNS or not LETTER.search(before):
        return False
    return sum(word[0].isupper() for word in others) * 2 < len(others)


def common_in(name: str) -> list[str]:
    """The languages, out of a few, in which a name may be meant as a common word; for people."""
    if not name.isascii():
        by_script = next((tag for tag, pattern in SCRIPTS if pattern.search(name)), None)
        if by_script is not None:
            return [by_script] if is_common(name, by_script) else []
    return [said for tag, said in SHOWN_LANGUAGES.items() if is_common(name, tag)]
