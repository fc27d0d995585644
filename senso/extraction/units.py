"""The units of an answer, as a reader sees them: sentence, list entry, table row, heading with what is below it.

A unit that is about an organisation is more than the sentence that names it: an entry of a list goes to the end of what
is nested in it, a heading to the next of its level. Whether it is about the organisation is told by its head: what
stands in bold or first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

Span = tuple[int, int]

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]")
ITEM = re.compile(r"([ \t]{0,40})(?:[-*+\u2022\u25e6\u2013]|\d{1,3}\\?[.)])[ \t]+")
RULE = re.compile(r"[ \t]{0,8}(?:-{3,200}|\*{3,200}|_{3,200}|(?:[-*_] ?){3,60})[ \t]*$")
ROW = re.compile(r"[ \t]{0,8}\|")
BOLD = re.compile(r"[ \t]{0,8}(?:\*\*|__)")
# Where a head ends: behind what is bold or linked, a dash, a colon, a full stop. A label before it, "Best app:", is
# skipped.
LABEL = re.compile(r"[^\n:.|\u2013\u2014]{1,60}[:\uff1a][*_]{0,3}[ \t]*")
HEAD_END = re.compile(r"(?:\*\*|__)(?=[ \t:,.(\u2013\u2014-]|$)|[ \t][-\u2013\u2014][ \t]|[.!?\u3002](?:[ \t]|$)|\n")
LONGEST_HEAD = 120


class Kind(Enum):
    BLANK = "blank"
    RULE = "rule"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    BOLD = "bold"  # a paragraph that begins in bold
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """`level`: the signs of a heading, the indentation of anything else. `content`: where it begins behind its mark."""

    start: int
    end: int
    kind: Kind
    level: int
    content: int


def lines(answer: str) -> list[Line]:
    found, start = [], 0
    for written in answer.splitlines(keepends=True):
        found.append(line(written.rstrip("\r\n"), start))
        start += len(written)
    return found


def line(written: str, start: int) -> Line:
    end = start + len(written.rstrip())
    if not written.strip():
        return Line(start, end, Kind.BLANK, 0, start)
    if heading := HEADING.match(written):
        return Line(start, end, Kind.HEADING, len(heading[1]), start + heading.end())
    if RULE.match(written):
        return Line(start, end, Kind.RULE, 0, end)
    indent = len(written) - len(written.lstrip())
    if item := ITEM.match(written):
        return Line(start, end, Kind.ITEM, indent, start + item.end())
    kind = Kind.ROW if ROW.match(written) else Kind.BOLD if BOLD.match(written) else Kind.TEXT
    return Line(start, end, kind, indent, start + indent)


def units(answer: str, places: Sequence[Span], spans: Sequence[Span]) -> list[Span]:
    """The units in which a place lies, in order, none within another. `spans`: the sentences of the answer."""
    if not places:
        return []
    parsed = lines(answer)
    return merged(unit(answer, parsed, number, start, spans) for number, start in numbered(parsed, places))


def numbered(parsed: Sequence[Line], places: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """Each place with the number of its line."""
    number = 0
    for start, _ in sorted(places):
        while number + 1 < len(parsed) and parsed[number + 1].start <= start:
            number += 1
        yield number, start


def unit(answer: str, parsed: Sequence[Line], number: int, place: int, spans: Sequence[Span]) -> Span:
    here = parsed[number]
    is_head = place < head_end(answer, here)
    match here.kind:
        case Kind.HEADING:
            return below(parsed, number) if is_head or not holds_headings(parsed, number) else own(here)
        case Kind.ITEM:
            return below(parsed, number) if is_head else own(here)
        case Kind.BOLD if is_head:
            return below(parsed, number)
        case Kind.ROW:
            return own(here)
    return sentence(spans, place) or own(here)


def head_end(answer: str, here: Line) -> int:
    """Where the head of a line ends, which says what its unit is about."""
    begin = here.content
    window = answer[begin : min(here.end, begin + 2 * LONGEST_HEAD)]
    label = LABEL.match(window)
    after = label.end() if label else 0
    ended = HEAD_END.search(window, after + 1)
    return begin + (ended.end() if ended else min(len(window), after + LONGEST_HEAD))


def own(here: Line) -> Span:
    return here.start + (here.level if here.kind is not Kind.HEADING else 0), here.end


def below(parsed: Sequence[Line], number: int) -> Span:
    """The line with all that belongs to it."""
    here, last = parsed[number], number
    for place in range(number + 1, len(parsed)):
        if parsed[place].kind is Kind.BLANK:
            continue
        if not belongs(parsed[place], here):
            break
        last = place
    return own(here)[0], parsed[last].end


def belongs(later: Line, here: Line) -> bool:
    if later.kind is Kind.RULE:
        return False
    if here.kind is Kind.HEADING:
        return later.kind is not Kind.HEADING or later.level > here.level
    if later.kind is Kind.HEADING:
        return False
    if here.kind is Kind.ITEM:
        return later.level > here.level
    return later.kind is Kind.ITEM or (later.kind is Kind.TEXT and later.level > here.level)


def holds_headings(parsed: Sequence[Line], number: int) -> bool:
    end = below(parsed, number)[1]
    return any(one.kind is Kind.HEADING and one.start < end for one in parsed[number + 1 :])


def sentence(spans: Sequence[Span], place: int) -> Span | None:
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if spans[middle][1] <= place else (low, middle)
    return spans[low] if low < len(spans) and spans[low][0] <= place else None


def merged(found: Iterable[Span]) -> list[Span]:
    """In order, without those that lie within another."""
    kept: list[Span] = []
    for span in sorted(set(found), key=lambda one: (one[0], -one[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept
