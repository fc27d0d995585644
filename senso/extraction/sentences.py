"""Splits an answer into sentences. A list item, a heading and a table row are each a sentence."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

Span = tuple[int, int]

# Signs that end a sentence: with a space behind them in most scripts; Chinese, Japanese, Devanagari, Burmese, Khmer and
# Armenian ones without. Arabic and Greek have question marks of their own.
SPACED, WHOLE = ".!?\u2026\u061f\u06d4\u037e\u0589\u1362", "\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4\u17d5"
CLOSING = "[\"'\u201d\u2019\u00bb)*_\\]\u300d\u300f\uff09\u3011]{0,6}+"
SPACE = "[ \t\u00a0\u202f\u2009\u3000]"
# The sources that assistants append to a sentence.
LINK = r"\[[^\]\n]{1,120}\](?:\[\d{1,3}\]|\([^()\s]{0,2048}\))?"
SOURCE = (
    rf"(?: ?\((?:{LINK}[, ]{{0,3}}){{1,20}}+\)| ?\\?\[\d{{1,3}}\\?\](?:\([^()\s]{{0,2048}}\))?"
    r"| ?\u3010[^\u3010\u3011\n]{0,100}\u3011|\ue200[^\ue200\ue201\n]{0,200}\ue201){0,20}+"
)
END = re.compile(
    rf"[{SPACED}{WHOLE}\r\n](?:(?<=[{SPACED}])[{SPACED}]{{0,8}}+{CLOSING}{SOURCE}(?={SPACE}|$|[\r\n])"
    r"|(?<=[.!?])(?=[^\W\d_]{2})"
    rf"|(?<=[{WHOLE}])[{WHOLE}]{{0,8}}+{CLOSING}{SOURCE}|(?<=[\r\n])[\r\n]*+)"
)
# Before a full stop that ends no sentence; before a number only the second ones.
ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        """
        mr mrs ms dr st ste mt ft jr sr inc ltd corp co vs approx est etc prof bzw ca usw str inkl evtl max min sog bd
        mme mlle av cf sr sra dra dott ing avv sig ul np tzn tj napr vb bkz тел ул руб тыс стр др им гг
        """,
    )
)
NUMBERED = frozenset(re.findall(r"\w+", "no nr art abs tel pp vol fig п ст"))
INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
OPENING = "([{*_\"'\u201c\u201e\u00ab\u2018"
LIST_SIGNS = "*_#>-\\ \t"
# Before an ordinal number of German, Danish, Czech and others: "Am 3. Mai", "der 2. Platz".
BEFORE_ORDINAL = frozenset(re.findall(r"\w+", "am im der die das dem den zum zur vom bis seit ab und dne od do"))
# Initials of a country may end a sentence: "They left the U.S. Globex stayed."
COUNTRY = re.compile(r"\b(?:the|in|from|to|of) (?:[A-Z]\.){1,3}[A-Z]$")
PART_OF_COUNTRY = re.compile(r"(?:Gov|Treas|Bank|Army|Dep|Sen|Cong|News|Dollar|Postal|Census|Air|Navy|Marine|Econ|Fed)")
GLUED = re.compile(r"[^\W\d_]*[a-z\u00df-\u00ff\u0430-\u044f]{2}$")
LONGEST_ABBREVIATION = 24  # how many characters before the sign are examined
FOLLOWING = 24
LONGEST_ORDINAL = 2


def sentences(answer: str) -> list[Span]:
    ends = [found.end() for found in END.finditer(answer) if ends_sentence(answer, found)]
    return [span for start, end in pairwise([0, *ends, len(answer)]) if (span := trimmed(answer, start, end))]


def around(places: Sequence[Span], spans: Sequence[Span]) -> list[Span]:
    """For each place the span in which it begins; the place itself where that is none."""
    found = []
    for place in places:
        before = bisect_right(spans, place[0], key=itemgetter(0))
        found.append(spans[before - 1] if before and spans[before - 1][1] > place[0] else place)
    return found


def is_within(span: Span, wholes: Sequence[Span]) -> bool:
    """Whether it begins in one of them. `wholes`: in order, none within another."""
    before = bisect_right(wholes, span[0], key=itemgetter(0))
    return before > 0 and span[0] < wholes[before - 1][1]


def ends_sentence(answer: str, found: re.Match[str]) -> bool:
    if found[0][0] not in ".!?":
        return True
    before = answer[max(found.start() - LONGEST_ABBREVIATION, 0) : found.start()]
    following = answer[found.end() : found.end() + FOLLOWING]
    if len(found[0]) == 1 and following[:1].isalpha():
        return following[0].isupper() and following[1:2].islower() and GLUED.search(before) is not None
    following = following.lstrip()
    if found[0][0] in "!?":
        return not following[:1].islower()
    return is_full_stop(before, following)


def is_full_stop(before: str, following: str) -> bool:
    if before[-1:].isupper() and following[:1].isupper() and COUNTRY.search(before):
        return not PART_OF_COUNTRY.match(following)
    line = before.rpartition("\n")[2]
    word = line[max(line.rfind(" "), line.rfind("\u00a0"), line.rfind("\t")) + 1 :].lstrip(OPENING).rstrip("\\")
    if word.isdigit():
        return bool(line.removesuffix("\\").removesuffix(word).strip(LIST_SIGNS)) and not is_ordinal(line)
    return not is_abbreviation(word, following)


def is_ordinal(line: str) -> bool:
    """`line`: up to the number."""
    *_, before, number = ("", *line.split())
    return len(number) <= LONGEST_ORDINAL and before.casefold() in BEFORE_ORDINAL


def is_abbreviation(word: str, following: str) -> bool:
    """Also an initial, as of "J. Smith", and "e.g", before their last dot."""
    if len(word) == 1:
        return word.isalpha() and not is_ideograph(word)
    known = word.casefold()
    return known in ABBREVIATIONS or (known in NUMBERED and following[:1].isdigit()) or bool(INITIALS.fullmatch(word))


def is_ideograph(letter: str) -> bool:
    return letter >= "\u2e80"


def trimmed(answer: str, start: int, end: int) -> Span | None:
    piece = answer[start:end]
    start += len(piece) - len(piece.lstrip())
    return (start, start + len(piece.strip())) if piece.strip() else None
