"""Folds away what does not tell names apart: capitals, accents, widths, invisible characters.

Only marks that are accents in their script are dropped. A Devanagari vowel, a Japanese voicing mark, the breve of a
Russian letter make another letter, and so another name.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import chain, compress, repeat

import regex

APOSTROPHES = "'\u2018\u2019\u02bc\u2032\u00b4\uff07\u02b9\u055a\ua78c"
LINE_ENDS = "\n\r\v\f\u0085\u2028\u2029"
JOINER = "\u200d"
ZERO_WIDTH_SPACE = "\u200b"
BOX = "\u20e3"  # around a digit, in an emoji that numbers an entry
SIGNS = dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(LINE_ENDS, "\n") | {ZERO_WIDTH_SPACE: " ", BOX: " "}
LONG_DASHES = "\u2014\u2015"
NO_ACCENTS = str.maketrans(
    {"\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d", "\u00fe": "th", "\u00e6": "ae", "\u0153": "oe"}
    | {"\u0131": "i", "\u0451": "\u0435", "\u0450": "\u0435", "\u045d": "\u0438", "\u03c2": "\u03c3"}
    # Arabic: forms of alif, the final forms of ya and ha.
    | {"\u0622": "\u0627", "\u0623": "\u0627", "\u0625": "\u0627", "\u0671": "\u0627"}
    | {"\u0649": "\u064a", "\u0629": "\u0647", "\u06cc": "\u064a", "\u06a9": "\u0643"}
)
ACCENTED = ("LATIN", "GREEK")
# Marks that only help to pronounce: the combining accents, Hebrew points, Arabic vowels; and variants of signs.
ACCENTS = regex.compile(
    r"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    r"\u0640\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
# A letter with marks that could be written as one character, and Hangul that is written letter by letter.
LOOSE = regex.compile(r"\X(?<=\p{M})|[\u1100-\u11ff]{2,3}")
# Persian parts words with it; elsewhere it is not part of the spelling.
PARTED = re.compile("(?<=[\u0620-\u06d3])\u200c")
HALF_WIDTH = re.compile("[\uff66-\uff9d][\uff9e\uff9f]")  # kana with a voicing mark
MOST_LETTERS = 4  # a character that stands for more is a phrase, such as \ufdfa, and ends a word
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
FEW_BETWEEN = 16  # characters for each byte beyond ASCII: with fewer, one pass over all is quicker


class Folding(dict[int, str]):
    """A table for str.translate that computes each character when it first occurs."""

    def __missing__(self, number: int) -> str:
        self[number] = found = folded_character(chr(number))
        return found


class Sizes(dict[int, str]):
    """A table for str.translate: how many characters each becomes, as a character of that number."""

    def __missing__(self, number: int) -> str:
        self[number] = found = chr(len(FOLDING[number]))
        return found


def composed(answer: str) -> str:
    """With each letter and its marks as one character, of the same length: joiners, which are dropped, fill up."""
    if "\u200c" in answer:
        answer = PARTED.sub(" ", answer)
    if "\uff9e" in answer or "\uff9f" in answer:
        answer = HALF_WIDTH.sub(lambda kana: unicodedata.normalize("NFKC", kana[0]).ljust(2, JOINER), answer)
    if answer.isascii() or unicodedata.is_normalized("NFC", answer):
        return answer
    return LOOSE.sub(lambda loose: padded(loose[0]), answer)


@lru_cache(maxsize=1024)
def padded(loose: str) -> str:
    return unicodedata.normalize("NFC", loose).ljust(len(loose), JOINER)[: len(loose)]


class Folded:
    """A folded text. `whole`: what it was folded from, character by character. `is_dense`: few of it are ASCII."""

    def __init__(self, text: str, whole: str, *, is_dense: bool = False) -> None:
        self.text, self.whole, self.is_dense = text, whole, is_dense

    @cached_property
    def starts(self) -> Sequence[int]:
        """For each character its place in the original: needed only where something is found."""
        numbers = range(len(self.whole))
        if self.text.isascii() and self.whole.isascii():
            return numbers
        changed = self.whole if self.is_dense else "".join(BEYOND_ASCII.findall(self.whole))
        told = changed.translate(SIZES)
        if told.count("\1") == len(told):
            return numbers
        sizes = (told if self.is_dense else self.whole.translate(SIZES)).encode("latin-1")
        more = sizes.translate(LESS_ONE)
        again = chain.from_iterable(map(repeat, compress(numbers, more), compress(more, more)))
        return sorted(chain(compress(numbers, sizes), again))


def folded(answer: str) -> Folded:
    encoded = answer.encode(errors="surrogatepass")
    ascii_folded = encoded.translate(ASCII).decode(errors="surrogatepass")
    if ascii_folded.isascii():
        return Folded(ascii_folded, answer)
    whole = composed(ascii_folded)
    is_dense = (len(encoded) - len(answer)) * FEW_BETWEEN > len(answer)
    found = whole.translate(FOLDING) if is_dense else BEYOND_ASCII.sub(lambda run: run[0].translate(FOLDING), whole)
    return Folded(found, whole, is_dense=is_dense)


def folded_character(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    if ACCENTS.match(character):
        return ""
    match unicodedata.category(character):
        case "Cf":  # soft hyphens, joiners: not part of the spelling
            return ""
        case "So" | "No" | "Zs" | "Cc" | "Cs" | "Co":  # a trade mark, an emoji, a footnote number ends a word
            return " "
        case "Pd" if character not in LONG_DASHES:  # a long dash separates words, the others join them
            return "-"
    return letters(character)


def letters(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).casefold()
    if len(plain) > MOST_LETTERS:
        return " "
    return "".join(map(unaccented, plain)).translate(NO_ACCENTS)


def unaccented(letter: str) -> str:
    if not unicodedata.name(letter, "").startswith(ACCENTED):
        return "" if ACCENTS.match(letter) else letter
    return ACCENTS.sub("", unicodedata.normalize("NFKD", letter))


# str.translate looks up each character in such a table, unless all are ASCII: those are therefore folded as bytes.
FOLDING = Folding()
SIZES = Sizes()
LESS_ONE = bytes((0, *range(255)))
ASCII = bytes(range(128)).decode().translate(FOLDING).encode() + bytes(range(128, 256))
