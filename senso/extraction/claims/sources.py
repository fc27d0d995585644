"""Which cited source stands nearest to a sentence of an answer.

Assistants write sources as links, as numbers of a list that follows ("[1]", "【1†source】") or that came beside the
answer, and as labels in brackets behind a sentence ("([name](url))", "([name][1])").
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice

from senso.extraction import citations
from senso.extraction.units import Kind, Line, Outline
from senso.extraction.words import Span
from senso.extraction.words.visible import ADDRESS, HOST, LISTED, gap, holds_host
from senso.providers import Source

LONGEST_BRACKET = 4000
MOST = 2000  # marks of one answer; one that a person reads has a hundredth of that
TARGET = (
    r"\([ \t]?(<?(?:[^()\s<>]|\([^()\s]{0,200}\)){0,2048}+>?)"
    r"(?:[ \t]{1,4}(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?[ \t]?\)"
)
DEFINITION = re.compile(
    r"(?m)^[ \t]{0,8}\[\^?([^\]\[\n]{1,100})\](?::[ \t]*|[ \t]+(?=[^\n]{0,400}https?://))([^\n]{1,2200})$"
)
IMAGE = re.compile(rf"!\[[^\[\]\n]{{0,500}}\]{TARGET}")
NOT_OF_A_UNIT = r"(?<![\d\s]m)(?<![\d\s][kcdm]m)(?<![\d\s]ft)"  # as in 5 m\u00b2
# A link; a number that is a link; a label with the number of a source; numbers alone; OpenAI's and others' own marks.
MARK = re.compile(
    rf"\[\\?\[[^\[\]\n]{{1,100}}\\?\]\]{TARGET}"
    rf"|\[(?P<label>[^\[\]\n]{{0,300}})\](?:{TARGET}|\[(?P<id>\^?[^\[\]\n]{{1,100}})\])"
    r"|\\?\[\^?(?:cite: ?)?(?P<number>\d{1,3})(?:[ ,;\u2013-]{1,3}\d{1,3}){0,8}\^?\\?\]"
    r"|\u3010(?P<lenticular>\d{1,3})(?:\u2020[^\u3010\u3011\n]{0,100})?\u3011"
    rf"|{NOT_OF_A_UNIT}(?<!\d)<sup>\[?(?P<sup>\d{{1,3}})\]?</sup>"
    rf"|{NOT_OF_A_UNIT}(?P<raised>[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{{1,3}})"
)
RAISED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
CLOSING = ".,;:!?)"
UNKNOWN = ""  # the address of a number that no list explains
Mark = tuple[int, int, str]  # where it stands, and the address that it refers to


class Sources:
    """The marks of an answer. `listed`: the sources that came with it; numbers in the text are their positions."""

    def __init__(self, answer: str, outline: Outline, listed: Sequence[Source | str] = ()) -> None:
        self.answer, self.outline, self.listed = answer, outline, listed

    def nearest(self, sentence: Span, entry: Span | None, quoted: int) -> str | None:
        """The canonical address of the source nearest to the sentence. `quoted`: where the part that is quoted ends.

        That is the mark right behind that part; else the first of those at the end of the sentence; else one within
        it; else the next one behind it in its line, its entry or its paragraph; else the last before it there. None if
        there is none.
        """
        inside = self.between(*sentence)
        if inside:
            return self.address((*self.directly_behind(inside, quoted), *self.at_the_end(inside, sentence[1]), *inside))
        begin, end = self.around(sentence, entry)
        behind, before = self.between(sentence[1], end), self.between(begin, sentence[0])
        return self.address((*behind, *reversed(before), *reversed(self.of_heading(entry))))

    def of_heading(self, entry: Span | None) -> Sequence[Mark]:
        """The marks in the heading of the entry, such as a link to the product that its section is about."""
        head = self.line_of(entry[0]) if entry else None
        return self.between(head.start, head.end) if head and head.kind is Kind.HEADING else ()

    def address(self, marks: Sequence[Mark]) -> str | None:
        """Of the first that is a citation: not a search link of the assistant."""
        return next((url for _, _, written in marks if written != UNKNOWN and (url := cited(written))), None)

    def between(self, start: int, end: int) -> Sequence[Mark]:
        first, last = (bisect_left(self.starts, place) for place in (start, end))
        return [mark for mark in self.marks[first:last] if mark[2] == UNKNOWN or cited(mark[2])]

    def directly_behind(self, marks: Sequence[Mark], place: int) -> Sequence[Mark]:
        """The first of those behind a place, if only signs part it from that."""
        first = next((mark for mark in marks if mark[0] >= place), None)
        return [first] if first and not has_letters(self.answer[place : first[0]]) else []

    def at_the_end(self, marks: Sequence[Mark], end: int) -> Sequence[Mark]:
        """Those that only signs part from the end of the sentence and from each other, or in the bracket at its end."""
        first, bracket = len(marks), self.bracket(end)
        while first and bracket is not None and marks[first - 1][0] > bracket:
            first -= 1
        end = bracket if bracket is not None and first < len(marks) else end
        while first and not has_letters(self.answer[marks[first - 1][1] : end]):
            first, end = first - 1, marks[first - 1][0]
        return marks[first:]

    def bracket(self, end: int) -> int | None:
        """Where the bracket opens that closes at the end of the sentence."""
        first = max(0, end - LONGEST_BRACKET)
        piece = self.answer[first:end].rstrip(".,;:!? ")
        depth = 0
        for sign in reversed(list(BRACKET.finditer(piece))) if piece.endswith(")") else ():
            depth += 1 if sign[0] == ")" else -1
            if not depth:
                return first + sign.start()
        return None

    def around(self, sentence: Span, entry: Span | None) -> Span:
        """Where a mark is near: the line, the paragraph, and the entry.

        Of what stands below a heading only the paragraph of the sentence counts, since the section may go on to others;
        and of a list or table only the entry, if it is one of several.
        """
        first, last = self.line_of(sentence[0]), self.line_of(max(sentence[0], sentence[1] - 1))
        paragraph = self.paragraph(sentence[0]) or [first]
        block = paragraph[0].start, paragraph[-1].end
        begin, end = first.start, last.end
        if entry and self.line_of(entry[0]).kind is Kind.HEADING:
            entry = max(entry[0], block[0]), min(entry[1], block[1])
        if entry:
            begin, end = min(begin, entry[0]), max(end, entry[1])
        if all(line.kind is Kind.TEXT for line in paragraph):
            return min(begin, block[0]), max(end, block[1])
        return begin, max(end, self.end_of_list(paragraph, end))

    def end_of_list(self, paragraph: Sequence[Line], end: int) -> int:
        """Its end, if the only marks of the list are in its last line: they stand for all of it."""
        start = paragraph[-1].start
        others = self.between(paragraph[0].start, start)
        return end if others or start < end else paragraph[-1].end

    def paragraph(self, place: int) -> list[Line]:
        """The lines without a blank one or a heading between them."""
        number = bisect_right(self.outline.starts, place) - 1
        above = self.joined(range(number, -1, -1))
        return [*reversed(above), *self.joined(range(number + 1, len(self.outline.written)))]

    def joined(self, numbers: range) -> list[Line]:
        found: list[Line] = []
        for number in islice(numbers, MOST):
            line = self.outline.line(number)
            if line.kind in (Kind.BLANK, Kind.RULE) or (line.kind is Kind.HEADING and found):
                break
            found.append(line)
            if line.kind is Kind.HEADING:
                break
        return found

    def line_of(self, place: int) -> Line:
        return self.outline.line(bisect_right(self.outline.starts, place) - 1)

    @cached_property
    def starts(self) -> list[int]:
        return [start for start, _, _ in self.marks]

    @cached_property
    def marks(self) -> list[Mark]:
        """In order; without those of images and of the list of sources itself."""
        text = self.without_lists
        found = list(islice(self.links(text), MOST))
        rest = blanked(text, [(start, end) for start, end, _ in found])
        return sorted({*found, *islice(bare(rest), MOST), *islice(self.told(), MOST)})

    @cached_property
    def without_lists(self) -> str:
        text = DEFINITION.sub(gap, self.answer) if may_define(self.answer) else self.answer
        for sign, pattern in (("://", LISTED), ("![", IMAGE)):
            if sign in text:
                text = pattern.sub(gap, text)
        return text

    def links(self, text: str) -> Iterator[Mark]:
        for found in written_marks(text):
            if (written := self.meant(found)) is not None:
                yield found.start(), found.end(), written

    def meant(self, found: re.Match[str]) -> str | None:
        """The address of a mark."""
        if (target := found[1] or found[3]) is not None:
            return target.strip("<>") or None
        if (label := found["id"]) is not None:
            return self.numbered(found["label"] if found["label"].isdigit() else label)
        if raised := found["raised"]:
            return self.numbered(raised.translate(RAISED))
        return self.numbered(found["number"] or found["lenticular"] or found["sup"]) or UNKNOWN

    def numbered(self, label: str) -> str | None:
        label = label.strip("^").casefold()
        if label in self.defined:
            return self.defined[label]
        return self.by_number.get(int(label)) if label.isdecimal() else None

    @cached_property
    def by_number(self) -> dict[int, str]:
        """The sources that came with the answer, by the numbers that refer to them in it."""
        return dict(map(numbered, enumerate(self.listed, start=1)))

    @cached_property
    def defined(self) -> dict[str, str]:
        """The addresses of footnotes and of a numbered list of sources, by their labels."""
        found: dict[str, str] = {}
        for one in islice(DEFINITION.finditer(self.answer), MOST) if may_define(self.answer) else ():
            if address := first_address(one[2]):
                found.setdefault(one[1].casefold(), address)
        for number, address in enumerate(self.in_list(), start=1) if not found else ():
            found[str(number)] = address
        return found

    def in_list(self) -> Iterator[str]:
        listed = LISTED.search(self.answer) if "](" in self.answer or "://" in self.answer else None
        for line in listed[0].splitlines()[:MOST] if listed else ():
            if address := first_address(line):
                yield address

    def told(self) -> Iterator[Mark]:
        """Where the vendor says that the answer refers to a source."""
        for source in self.listed:
            if isinstance(source, Source):
                yield from ((max(start, end - 1), end, source.url) for start, end in source.spans)


# Not "4.7/5".
HAS_DOMAIN = re.compile(r"(?:[a-z]+://)?[^/?#:\s]{0,250}[^\W\d_]{2,63}(?:[/?#:]|$)", re.IGNORECASE)
MARK_SIGN = re.compile("[\\[<\u3010\u00b9\u00b2\u00b3\u2070\u2074-\u2079]")
BRACKET = re.compile("[()]")


def may_define(text: str) -> bool:
    """Whether it may hold a DEFINITION, which takes long to look for."""
    return "]:" in text or "] " in text or "]\t" in text


def written_marks(text: str) -> Iterator[re.Match[str]]:
    """As `MARK.finditer`, which would try each of its alternatives at every character."""
    done = 0
    for sign in MARK_SIGN.finditer(text):
        place = sign.start()
        if place < done:
            continue
        escaped = MARK.match(text, place - 1) if place > done and text[place - 1] == "\\" else None
        if found := escaped or MARK.match(text, place):
            done = found.end()
            yield found


def blanked(text: str, spans: Sequence[Span]) -> str:
    """With spaces in place of the spans, which are in order."""
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], " " * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


def bare(text: str) -> Iterator[Mark]:
    """Addresses that are written out."""
    patterns = [ADDRESS] if "://" in text else []
    for pattern in (*patterns, HOST) if holds_host(text) else patterns:
        for found in pattern.finditer(text):
            address = trimmed(found[0])
            if HAS_DOMAIN.match(address):
                yield found.start(), found.start() + len(address), with_scheme(address)


def first_address(text: str) -> str | None:
    found = ADDRESS.search(text) or HOST.search(text)
    address = trimmed(found[0]) if found else ""
    return with_scheme(address) if HAS_DOMAIN.match(address) else None


def trimmed(address: str) -> str:
    """Without the signs of the sentence behind it, and brackets that it did not open."""
    address = address.rstrip(".,;:!?>\"'*_")
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(CLOSING.replace(")", ""))
    return address


def with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def numbered(place: tuple[int, Source | str]) -> tuple[int, str]:
    number, source = place
    return (number, source) if isinstance(source, str) else (source.position, source.url)


@lru_cache(maxsize=4096)  # the answers to one org's questions cite the same pages again and again
def cited(address: str) -> str | None:
    """Its canonical form, as citations are stored; None if it is no citation."""
    found = citations.cite([Source(address, None, 1, cited=True)]).citations
    return found[0].canonical_url if found else None


def has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))
