"""The units of an answer, as a reader sees them: sentence, list entry, table row, heading with what is below it.

A unit that is about an organisation is more than the sentence that names it: an entry of a list goes to the end of what
is nested in it, a heading to the next of its level. Whether it is about the organisation is told by its head: what
stands in bold or first.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

Span = tuple[int, int]

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]")
# Signs of lists, also boxes, stars, medals, numbers in circles; "a)", "(1)", "#1:"; the Chinese "1、", also in words.
SIGN = (
    "[-*+\u00b7\u2013\u2014\u2022\u2023\u2043\u2219\u2460-\u249b\u25a0-\u25ff\u2605\u2606\u2610-\u2612\u2705"
    "\u2713-\u2718\u2776-\u2793\u27a4\u2b50\U0001f947-\U0001f949]"
)
ITEM = re.compile(
    rf"([ \t]{{0,40}})(?:(?:{SIGN}\ufe0f?|\(?\d{{1,3}}\\?[.)]|[a-zA-Z]\)|\d\ufe0f?\u20e3|#\d{{1,3}}[:.)])[ \t]+"
    r"|(?:\d{1,3}|[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341]{1,3})[\u3001\uff0e]"
    r"|\uff08(?:\d{1,3}|[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341]{1,3})\uff09)"
)
RULE = re.compile(r"[ \t]{0,8}(?:-{3,200}|\*{3,200}|_{3,200}|(?:[-*_] ?){3,60})[ \t]*$")
ROW = re.compile(r"[ \t]{0,8}\|")
BOLD = re.compile(r"[ \t]{0,8}(?:\*\*|__)[^*_\n]{0,119}[^*_\n.!?\u3002](?:\*\*|__)")
# Where a head ends: behind what is bold or linked, a dash, a colon, a full stop. A label before it, "Best app:", is
# skipped.
LABEL = re.compile(r"[^\n:.|\u2013\u2014]{1,60}[:\uff1a][*_]{0,3}[ \t]*")
HEAD_END = re.compile(
    r"(?:\*\*|__)(?=[ \t:,.(\u2013\u2014-]|$)|[ \t][-\u2013\u2014][ \t]|(?<!\d)[.!?\u3002](?:[ \t]|$)|\n"
)
LONGEST_HEAD = 120
ENDED = re.compile(r"(?<!\d)[.!?](?:\s|$)|[\u3002\uff01\uff1f]")
# What stands between marks is not torn apart.
MARKED = re.compile(
    r"(?=[*(\u201c\u00ab\u201e\u300c\uff08\u300e\u300a\u3010_~\[\"])(?:"
    r"\*\*[^*\n]{1,600}\*\*|\([^()\n]{1,600}\)|\u201c[^\u201c\u201d\n]{1,600}\u201d|\u00ab[^\u00ab\u00bb\n]{1,600}\u00bb"
    r"|\u201e[^\u201e\u201c\n]{1,600}\u201c|\u300c[^\u300c\u300d\n]{1,600}\u300d|\uff08[^\uff08\uff09\n]{1,600}\uff09"
    r"|\u300e[^\u300e\u300f\n]{1,600}\u300f|\u300a[^\u300a\u300b\n]{1,600}\u300b|\u3010[^\u3010\u3011\n]{1,600}\u3011"
    r"|(?<![\w*])\*(?=\w)[^*\n]{1,600}\*(?![\w*])|(?<!\w)_(?=\w)[^_\n]{1,600}_(?!\w)|~~[^~\n]{1,600}~~"
    r"|\[[^\[\]\n]{1,600}\]\([^()\s]{0,2048}\)"
    r"|(?<!\w)\"(?=[\w*])[^\"\n]{1,600}\"(?!\w))"
)


class Kind(Enum):
    BLANK = "blank"
    RULE = "rule"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    BOLD = "bold"  # a paragraph that begins with words in bold, not with a sentence
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """`level`: the signs of a heading, the indentation of anything else. `content`: where it begins behind its mark."""

    start: int
    end: int
    kind: Kind
    level: int
    content: int


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


Around = Callable[[Sequence[Span]], Sequence[Span]]


def units(outline: "Outline", places: Sequence[Span]) -> list[Span]:
    """The units in which a place lies, in order, none within another. `places` in order."""
    found = [(0, 0)]
    for (place, _), sentence in zip(places, outline.sentences(places), strict=True):
        if place >= found[-1][1]:
            found.append(outline.unit(place, sentence))
    return found[1:]


class Outline:
    """The lines of an answer, and which of them belong to which. `sentences`: those in which places begin."""

    def __init__(self, answer: str, sentences: Around) -> None:
        self.answer, self.sentences = answer, sentences
        self.written = answer.splitlines(keepends=True)
        self.starts = [0, *accumulate(map(len, self.written))]
        self.read: dict[int, Line] = {}
        self.marked: dict[int, list[Span]] = {}
        self.wholes: dict[int, tuple[Span, bool]] = {}

    def balanced(self, sentence: Span) -> Span:
        """The sentence, with those that lie between the same marks where it begins or ends."""
        (first, _), (_, last) = self.around(sentence[0]), self.around(sentence[1])
        if (first, last) == sentence:
            return sentence
        (start, _), (_, end) = self.sentences([(first, first + 1), (last - 1, last)])
        return start, end

    def around(self, place: int) -> Span:
        """What stands between marks and has this place within; no mark is closed on another line."""
        number = bisect_right(self.starts, place) - 1
        if number not in self.marked:
            line = (self.starts[number], self.starts[number + 1]) if number < len(self.written) else (place, place)
            self.marked[number] = [found.span() for found in MARKED.finditer(self.answer, *line)]
        spans = self.marked[number]
        before = bisect_right(spans, (place,)) - 1
        start, end = spans[before] if before >= 0 else (place, place)
        return (start, end) if start < place < end else (place, place)

    def line(self, number: int) -> Line:
        if number not in self.read:
            self.read[number] = line(self.written[number].rstrip("\r\n"), self.starts[number])
        return self.read[number]

    def unit(self, place: int, sentence: Span) -> Span:
        number = bisect_right(self.starts, place) - 1
        here = self.line(number)
        is_head = place < head_end(self.answer, here)
        match here.kind:
            case Kind.HEADING:
                whole, has_headings = self.whole(number)
                return whole if is_head or not has_headings else own(here)
            case Kind.ITEM:
                return self.whole(number)[0] if is_head else own(here)
            case Kind.BOLD if is_head:
                return self.whole(number)[0]
            case Kind.ROW:
                return own(here)
        return self.balanced(sentence)

    def whole(self, number: int) -> tuple[Span, bool]:
        """The line with all that belongs to it, and whether that holds a heading."""
        if number not in self.wholes:
            here, members = self.line(number), list(self.members(number))
            end = members[-1].end if members else here.end
            self.wholes[number] = (own(here)[0], end), any(one.kind is Kind.HEADING for one in members)
        return self.wholes[number]

    def members(self, number: int) -> Iterator[Line]:
        """The lines below a line that belong to it, without blank ones."""
        here, is_title = self.line(number), self.is_title(number)
        is_numbered = is_title and self.answer[here.start + here.level].isdigit()
        is_text = here.kind in (Kind.ITEM, Kind.BOLD)
        for below in range(number + 1, len(self.written)):
            later = self.line(below)
            is_text = is_text and later.kind is Kind.TEXT and (is_title or self.is_broken(below - 1))
            if later.kind is not Kind.BLANK:
                if not (is_text or belongs(later, here) or (is_numbered and self.is_dashed(later))):
                    return
                yield later

    def is_broken(self, number: int) -> bool:
        """Whether a line ends in the two spaces that only break it."""
        return self.written[number].rstrip("\r\n").endswith("  ")

    def is_dashed(self, later: Line) -> bool:
        """An entry without a number, which may stand below one with a number."""
        return later.kind is Kind.ITEM and not self.answer[later.start + later.level].isalnum()

    def is_title(self, number: int) -> bool:
        """An entry or bold words without a sentence: the lines at once below are their text."""
        here = self.line(number)
        is_one = here.kind is Kind.ITEM or here.kind is Kind.BOLD
        return is_one and not ENDED.search(self.answer, here.content, here.end)


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
