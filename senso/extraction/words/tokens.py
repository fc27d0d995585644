"""How a text divides into tokens, after UAX #29.

In most scripts a token is a run of letters, marks and digits. Where words are not set apart by spaces, it is the
smallest piece that a reader sees as one: a Chinese character, a Hiragana letter, a Thai consonant with what stands
before, above, below and behind it. Katakana is written in runs, and so is Hangul.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import regex

# Initials with dots, perhaps with spaces between them. A figure with decimals or after a sign of money is a token of
# its own, also where letters follow at once. The signs of a joint name. This is for texts where words are set apart and
# no letter has marks. It begins with one set of characters, so that the search tries nothing at a space.
PLAIN_TOKEN = re.compile(
    r"([\w&+](?<!_)(?:(?<=[&+])|(?<=[^\W\d])\.(?: ?[^\W\d_]\.)+(?:[^\W\d_](?![^\W_]))?"
    r"|(?<=\d)(?<!\w\d)\d{0,8}(?:[.,]\d{1,9}){1,3}(?=[^\W\d_]{2})"
    r"|(?<=[$\u20ac\u00a3\u00a5\u20b9]\d)\d{0,8}(?=[^\W\d_]{2})|[^\W_]*))"
)
NOT_PLAIN = re.compile("[^\x00-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u2bff]")

# For any other text, the same is searched for in its kinds: for each character one of these letters, which are compared
# more quickly than properties of Unicode. The first that fits; small where no word has the character.
KINDS = {
    "H": r"[\p{Han}\u3005\u3007\p{Hiragana}--\p{M}]",
    "K": r"[\p{Katakana}\u30fc]",
    # Thai and Lao: a vowel that is written before its consonant, and vowels that follow and are no marks.
    "B": r"[\u0e40-\u0e44\u0ec0-\u0ec4]",
    "V": r"[\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]",
    # Khmer and Myanmar: a sign that joins the next consonant to the last. Other marks of scripts without spaces.
    "J": r"[\u17d2\u1039]",
    "T": r"[[\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{M}]",
    "8": r"[[\p{Thai}\p{Lao}]&&\d]",
    "9": r"[[\p{Khmer}\p{Myanmar}]&&\d]",
    "S": r"[\p{Thai}\p{Lao}]",
    "R": r"[\p{Khmer}\p{Myanmar}]",
    # Scripts that set words apart: marks, digits, letters, other numbers. Signs that only connect.
    "M": r"\p{M}",
    "0": r"\d",
    "L": r"\p{L}",
    "N": r"\p{N}",
    "C": r"[\w--_]",
    "$": r"[$\u20ac\u00a3\u00a5\u20b9]",
}
THEMSELVES, ANY_OTHER = ".,&+_ ", "|"
OF_A_WORD = regex.compile(r"\w")
MARK, DIGIT, LETTER = "[MTJ]", "[089]", "[A-Z]"
# Khmer and Myanmar letters go on behind a sign that joins.
CLUSTER = "B?[SR][MTV]*(?:J[Rr9]?[MTV]*)*"
INITIALS = rf"{LETTER}\.(?: ?{LETTER}\.)+(?:{LETTER}(?![A-Z089]))?"
FIGURE = (
    rf"(?<![A-Z089_]){DIGIT}{{1,9}}(?:[.,]{DIGIT}{{1,9}}){{1,3}}(?={LETTER}{{2}})"
    rf"|(?<=\$){DIGIT}{{1,9}}(?={LETTER}{{2}})"
)
# A run of Chinese characters or Hiragana is divided afterwards, which is quicker.
TOKEN = re.compile(
    rf"((?=[A-Za-z089&+])(?:HH+(?!{MARK})|[Hh]{MARK}*|[Kk][KkMTJ]*|{CLUSTER}|[BVTJSRsr89]{MARK}*"
    rf"|{INITIALS}|{FIGURE}|[LMNn0]+|[&+]))"
)
APART_FROM_SPACES = str.maketrans("", "", ". ")


class Words(NamedTuple):
    """`folded`, divided into tokens: token i starts at `edges[2 * i]` and ends at `edges[2 * i + 1]`.

    An answer has hundreds of tokens, so there is no object for each. `line` has them in their compared form, with a
    space on each side; a name is found by searching this one string.
    """

    folded: str
    written: Sequence[str]
    edges: Sequence[int]
    line: str

    def gap(self, before: int) -> str:
        """The text between a token and the one before it."""
        return self.folded[self.edges[2 * before - 1] : self.edges[2 * before]]


class Kinds(dict[int, str]):
    """A table for str.translate that looks up each character when it first occurs."""

    def __missing__(self, number: int) -> str:
        self[number] = found = kind(chr(number))
        return found


def kind(character: str) -> str:
    if character in THEMSELVES:
        return character
    found = KNOWN.match(character)
    name = NAMES[found.lastindex - 1] if found and found.lastindex else ANY_OTHER
    return name if OF_A_WORD.match(character) else name.lower()


NAMES, KNOWN = "".join(KINDS), regex.compile("|".join(f"({one})" for one in KINDS.values()), regex.V1)
KIND_OF = Kinds()


def divided(folded: str) -> Words:
    is_plain = folded.isascii() or not NOT_PLAIN.search(folded)
    written, edges = of_plain(folded) if is_plain else of_kinds(folded)
    line = f" {' '.join(written)} "
    if "." in line:  # initials
        line = f" {' '.join(one.translate(APART_FROM_SPACES) if '.' in one else one for one in written)} "
    return Words(folded, written, edges, line.replace(" & ", " and "))


def of_plain(folded: str) -> tuple[list[str], list[int]]:
    pieces: list[str] = PLAIN_TOKEN.split(folded)
    return pieces[1::2], list(accumulate(map(len, pieces)))


def of_kinds(folded: str) -> tuple[list[str], list[int]]:
    pieces: list[str] = TOKEN.split(folded.translate(KIND_OF))
    edges = list(accumulate(map(len, pieces)))
    written: list[str] = []
    within: list[int] = []  # runs: there one token ends and the next begins
    for kinds, start, end in zip(pieces[1::2], edges[::2], edges[1::2], strict=False):
        if kinds[:2] == "HH":
            written += folded[start:end]
            within += range(start + 1, end)
        else:
            written.append(folded[start:end])
    return written, sorted(chain(edges, within, within))
