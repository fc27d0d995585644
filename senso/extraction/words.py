"""Finds where an answer names an organisation: compares whole words, never parts of words or similar words.

False mentions are a common complaint about systems of this kind ("LI" in "believe", "you" for you.com), so the
comparison is exact. It ignores only differences within one name: capitals, accents, emphasis marks, a possessive, a
hyphen for a space, "&" for "and", dots in initials. A name does not extend across a comma, a full stop or the end of a
line: "Chase, Bank of America" does not name Chase Bank.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

Span = tuple[int, int]  # start and end: offsets in the original answer

# What a reader of the answer does not see, or sees only as the mark of a source: a cited page is not a mention.
# Two patterns for speed: if all branches of a pattern begin with a fixed sign, `re` searches for these signs; it tries
# any other pattern at every place.
LISTED = re.compile(r"(?m)^[ \t]*\[[^\]\n]+\]:[ \t]*<?https?://.*$")  # the link targets below an answer
UNSEEN = re.compile(
    r"\((?<=\]\()(?:[^()\s]++|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)"  # the target of a link
    r"|\[\d{1,3}\]|\u3010[^\u3011\n]*\u3011"  # [3], and the same in the brackets that ChatGPT uses
)
# Initials, words, signs. One group, so that a split returns words and gaps alternately.
WORD = re.compile(r"([^\W\d_]\.[^\W\d_]\.(?:[^\W\d_]\.)*(?:[^\W\d_](?![^\W_]))?|[^\W_]+(?:'[^\W_]+)*|[&+])")
# Between two words of one name: emphasis marks and either spaces or one hyphen; a dot only after "St", "Inc" and such.
JOINT = re.compile(r"[*_`~\\]*(?: *|-)[*_`~\\]*")
ABBREVIATION = re.compile(r"[^\W\d_]|st|ste|mt|ft|dr|mr|mrs|ms|jr|sr|bros|inc|ltd|llc|corp|co|no|natl|intl|assn")
DOMAIN = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)+")
UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
APOSTROPHES = "'\u2018\u2019\u02bc\u2032\u00b4\uff07"
LINE_ENDS = "\n\r\v\f\u0085\u2028\u2029"
LEGAL_FORMS = frozenset({"inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "plc", "na"})


class Words(NamedTuple):
    """`folded`, split into words: word i starts at `edges[2 * i]` and ends at `edges[2 * i + 1]`.

    An answer has hundreds of words, so there is no object for each. `line` has the words in their compared form, with
    a space on each side; a name is found by searching this one string.
    """

    folded: str
    written: Sequence[str]
    edges: Sequence[int]
    line: str

    def gap(self, before: int) -> str:
        """The text between a word and the one before it."""
        return self.folded[self.edges[2 * before - 1] : self.edges[2 * before]]


@dataclass(frozen=True, slots=True)
class Text:
    """An answer prepared for the search of names. `starts[i]`: offset in the answer of folded character i."""

    answer: str
    words: Words
    starts: Sequence[int]

    def span(self, first: int, last: int) -> Span:
        start, end = self.words.edges[2 * first], self.words.edges[2 * last + 1]
        # up to the next character, so that a combining accent stays with its letter
        return self.starts[start], self.starts[end] if end < len(self.starts) else len(self.answer)


@lru_cache(maxsize=64)  # a quote is searched for in the answer and then searched itself
def text(answer: str) -> Text:
    folded, starts = _folded(_seen(answer))
    return Text(answer, _words(folded), starts)


def namings(found_in: Text, name: str) -> list[Span]:
    """Every place where the answer names `name`, in order."""
    wanted = _wanted(name)
    starts = [i for i in _places(found_in.words, wanted) if _is_joined(found_in.words, i, wanted)]
    if starts and (domain := _as_domain(name)):
        starts = [i for i in starts if _is_whole_domain(found_in.words, i, domain)]
    return [found_in.span(i, i + len(wanted.apart) - 1) for i in starts]


def located(found_in: Text, quote: str) -> str | None:
    """The part of the answer with the same words as `quote`, in order and without a gap; None if there is none.

    Words are compared, not characters, because a model that quotes drops emphasis, links and marks of sources. The
    answer's own text is returned, so a stored quote is verbatim whatever the model changed.
    """
    quoted = text(quote).words
    place = found_in.words.line.find(quoted.line)
    if not quoted.written or place < 0:
        return None
    first = found_in.words.line.count(" ", 0, place)
    start, end = found_in.span(first, first + len(quoted.written) - 1)
    return found_in.answer[start:end] + _full_stop(found_in.answer[end : end + 1])


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Equal for two spellings of one name: ignores capitals, accents, signs, a leading "the" and the legal form."""
    forms = _words(_folded(name)[0]).line.split()
    while len(forms) > 1 and forms[-1] in LEGAL_FORMS:
        forms.pop()
    return " ".join(forms[1:] if len(forms) > 1 and forms[0] == "the" else forms)


class Folding(dict[int, str]):
    """A table for str.translate that computes each character when it first occurs."""

    def __missing__(self, number: int) -> str:
        self[number] = found = _folded_character(chr(number))
        return found


FOLDING = Folding()


def _seen(answer: str) -> str:
    patterns = [LISTED, UNSEEN] if "]:" in answer else [UNSEEN]
    for pattern in patterns:
        answer = pattern.sub(lambda unseen: " " * len(unseen[0]), answer)
    return answer


def _folded(answer: str) -> tuple[str, Sequence[int]]:
    ascii_folded = answer.encode(errors="surrogatepass").translate(ASCII).decode(errors="surrogatepass")
    folded = BEYOND_ASCII.sub(lambda beyond: beyond[0].translate(FOLDING), ascii_folded)
    if all(len(FOLDING[ord(character)]) == 1 for character in set("".join(BEYOND_ASCII.findall(answer)))):
        return folded, range(len(answer))
    return folded, [place for place, character in enumerate(answer) for _ in FOLDING[ord(character)]]


def _folded_character(character: str) -> str:
    if character in APOSTROPHES:
        return "'"
    if character in LINE_ENDS:
        return "\n"
    match unicodedata.category(character):
        case "Mn" | "Cf":  # combining accents, soft hyphens, joiners: not part of the spelling
            return ""
        case "So" | "No" | "Zs" | "Cc" | "Cs":  # a trade mark, an emoji or a footnote number ends a word
            return " "
        case "Pd" if character not in "\u2014\u2015":  # a long dash separates words, the others join them
            return "-"
    plain = unicodedata.normalize("NFKD", character).casefold()
    spelt = "".join(part for part in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(part))
    return spelt.translate(UNDECOMPOSED)


# str.translate looks up each character in such a table, unless all are ASCII: those are therefore folded as bytes.
ASCII = bytes(range(128)).decode().translate(FOLDING).encode() + bytes(range(128, 256))
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def _words(folded: str) -> Words:
    pieces = WORD.split(folded)
    line = f" {' '.join(pieces[1::2])} ".replace("'", "").replace(".", "").replace("&", "and")
    return Words(folded, pieces[1::2], list(accumulate(map(len, pieces))), line)


class Wanted(NamedTuple):
    """A name to search for. `apart`: for each of its words, whether the name has a comma or the like before it."""

    line: str
    apart: Sequence[bool]


@lru_cache(maxsize=4096)
def _wanted(name: str) -> Wanted:
    words = _words(_folded(name)[0])
    return Wanted(words.line, [i > 0 and not _joins(words, i) for i in range(len(words.written))])


@lru_cache(maxsize=4096)
def _as_domain(name: str) -> str | None:
    folded = _folded(name.strip())[0]
    return folded if DOMAIN.fullmatch(folded) else None


def _places(words: Words, wanted: Wanted) -> Iterator[int]:
    """The indexes of the words where `wanted` begins. Its last word may be a possessive, with "'s" appended."""
    sought, number, counted = wanted.line[:-1], 0, 0
    place = words.line.find(sought) if wanted.apart else -1
    while place >= 0:
        number, counted = number + words.line.count(" ", counted, place), place
        after = words.line[place + len(sought) : place + len(sought) + 2]
        if after[0] == " " or (after == "s " and words.written[number + len(wanted.apart) - 1].endswith("'s")):
            yield number
        place = words.line.find(sought, place + 1)


def _is_joined(words: Words, first: int, wanted: Wanted) -> bool:
    return all(_joins(words, i, apart=apart) for i, apart in enumerate(wanted.apart[1:], start=first + 1))


def _joins(words: Words, number: int, *, apart: bool = False) -> bool:
    """Whether a word may continue the name of the word before. `apart`: the name has a sign of its own between them."""
    gap = words.gap(number)
    if apart:
        return "\n" not in gap
    if gap.startswith(".") and ABBREVIATION.fullmatch(words.written[number - 1]):
        gap = gap[1:]
    return JOINT.fullmatch(gap) is not None


def _is_whole_domain(words: Words, first: int, domain: str) -> bool:
    """acme.com is not named by my-acme.com, acme.com.evil.net or acme.community."""
    start = words.edges[2 * first]
    end = start + len(domain)
    before, after = words.folded[max(start - 1, 0) : start], words.folded[end : end + 2]
    follows_on = len(after) > 1 and after[0] in ".-" and after[1].isalnum()
    return words.folded[start:end] == domain and before != "-" and not follows_on


def _full_stop(character: str) -> str:
    return character if character in {".", "!", "?"} else ""
