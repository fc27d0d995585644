"""How a text divides into tokens, after UAX #29.

In most scripts a token is a run of letters, marks and digits. Where words are not set apart by spaces, it is the
smallest piece that a reader sees as one: a Chinese character, a Hiragana letter, a Thai consonant with what stands
before, above, below and behind it. Katakana is written in runs, and so is Hangul.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import regex

# Initials with dots, perhaps with spaces between them. A figure with decimals or after a sign of money is a token of
# its own, also where letters follow at once. The signs of a joint name.
INITIALS = r"[^\W\d_]\.(?: ?[^\W\d_]\.)+(?:[^\W\d_](?![^\W_]))?"
FIGURE = r"(?<!\w)\d{1,9}(?:[.,]\d{1,9}){1,3}(?=[^\W\d_]{2})|(?<=[$\u20ac\u00a3\u00a5\u20b9])\d{1,9}(?=[^\W\d_]{2})"
SIGN = "[&+]"
# The same where words are set apart and no letter has marks. It begins with one set of characters, so that the search
# tries nothing at a space.
PLAIN_TOKEN = re.compile(
    r"([\w&+](?<!_)(?:(?<=[&+])|(?<=[^\W\d])\.(?: ?[^\W\d_]\.)+(?:[^\W\d_](?![^\W_]))?"
    r"|(?<=\d)(?<!\w\d)\d{0,8}(?:[.,]\d{1,9}){1,3}(?=[^\W\d_]{2})"
    r"|(?<=[$\u20ac\u00a3\u00a5\u20b9]\d)\d{0,8}(?=[^\W\d_]{2})|[^\W_]*))"
)
NOT_PLAIN = re.compile("[^\x00-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u2bff]")

KATAKANA = r"[\p{Katakana}\u30fc]"
SOUTH_EAST = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
UNSPACED = rf"\p{{Han}}\u3005\u3007\p{{Hiragana}}{KATAKANA}{SOUTH_EAST}"
# Thai and Lao: a vowel that is written before its consonant, and vowels that follow and are no marks. Khmer and
# Myanmar: a sign that joins the next consonant to the last.
BEFORE, BEHIND = r"[\u0e40-\u0e44\u0ec0-\u0ec4]", r"[\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]"
CLUSTER = (
    rf"{BEFORE}?[[{SOUTH_EAST}]&&\p{{L}}--{BEFORE}--{BEHIND}]"
    rf"(?:\p{{M}}|{BEHIND}|(?<=[\u17d2\u1039])[\p{{Khmer}}\p{{Myanmar}}])*"
)
# The most frequent first, of a text without spaces.
TOKEN = regex.compile(
    rf"([\p{{Han}}\u3005\u3007\p{{Hiragana}}]\p{{M}}*|{KATAKANA}[{KATAKANA}\p{{M}}]*|{CLUSTER}|[{SOUTH_EAST}]\p{{M}}*"
    rf"|{INITIALS}|{FIGURE}|[[\p{{L}}\p{{M}}\p{{N}}]--[{UNSPACED}]]+|{SIGN})",
    regex.V1,
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


def divided(folded: str) -> Words:
    pattern = PLAIN_TOKEN if folded.isascii() or not NOT_PLAIN.search(folded) else TOKEN
    pieces: list[str] = pattern.split(folded)
    written = pieces[1::2]
    line = f" {' '.join(written)} "
    if "." in line:  # initials
        line = f" {' '.join(one.translate(APART_FROM_SPACES) if '.' in one else one for one in written)} "
    return Words(folded, written, list(accumulate(map(len, pieces))), line.replace(" & ", " and "))
