"""Where an answer has the sentence that a model quotes, and whether that is about the org."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from senso.extraction import words
from senso.extraction.units import Kind, Outline
from senso.extraction.words import Span

LONGEST = 2000  # characters of a quote
MOST_SENTENCES = 5  # of one quote
MOST_PLACES = 50  # where one quote stands
LEAST_WORDS = 3  # of a part of a quote with a gap
GAP = re.compile(r"\[?(?:\.{3,}|\u2026)\]?")


class Quoted:
    """`spans`: the sentences of the answer. `entries`: the units that name the org, in order, none within another."""

    def __init__(self, text: words.Text, spans: Sequence[Span], outline: Outline, entries: Sequence[Span]) -> None:
        self.text, self.spans, self.outline, self.entries = text, spans, outline, entries
        self.lasts: dict[int, int] = {}

    def places(self, quote: str) -> dict[Span, int]:
        """The whole sentences where the answer has the quote, word for word, or both ends of one with a gap; and where
        the quote ends."""
        quote = quote[:LONGEST]
        found = words.located(self.text, quote) or self.with_gap(quote)
        ends: dict[Span, int] = {}
        for one in found[:MOST_PLACES]:
            if whole := self.whole(one):
                ends.setdefault(whole, one[1])
        return ends

    def with_gap(self, quote: str) -> list[Span]:
        parts = [part for part in GAP.split(quote) if len(part.split()) >= LEAST_WORDS]
        if len(parts) < 2:  # noqa: PLR2004  no gap
            return []
        located = [words.located(self.text, part) for part in parts]
        return [(start, end) for start, _ in located[0] for end in self.ends(start, located[1:])][:MOST_PLACES]

    def ends(self, start: int, parts: Sequence[Sequence[Span]]) -> list[int]:
        """Where the last part ends, if all of them stand in order in the same line as the first."""
        newline = self.text.answer.find("\n", start)
        line_end, place = newline if newline >= 0 else len(self.text.answer), start
        for some in parts:
            following = next((end for first, end in some if place < first and end <= line_end), None)
            if following is None:
                return []
            place = following
        return [place]

    def whole(self, found: Span) -> Span | None:
        first = bisect_right(self.starts, found[0]) - 1
        inside = [span for span in self.spans[max(first, 0) : max(first, 0) + MOST_SENTENCES] if span[0] < found[1]]
        inside = [span for span in inside if span[1] > found[0]]
        return (inside[0][0], inside[-1][1]) if inside else None

    @cached_property
    def starts(self) -> list[int]:
        return [start for start, _ in self.spans]

    def entry(self, sentence: Span) -> Span | None:
        """The unit that names the org, with what follows it, in which the sentence begins; None: it is about others."""
        before = bisect_right(self.regions, (sentence[0], len(self.text.answer) + 1)) - 1
        if before >= 0 and sentence[0] < self.regions[before][1]:
            return self.regions[before]
        # A quote of several sentences may name the org in a later one.
        return next((one for one in self.regions[before + 1 : before + 2] if one[0] < sentence[1]), None)

    @cached_property
    def regions(self) -> list[Span]:
        """The entries, each to the end of its paragraph or of the entry of a list that it stands in."""
        return [(start, max(end, self.end_of(end))) for start, end in self.entries]

    def end_of(self, end: int) -> int:
        number = bisect_right(self.outline.starts, max(end - 1, 0)) - 1
        here = self.outline.line(number)
        if here.kind is Kind.ITEM:
            return self.outline.whole(number)[0][1]
        if here.kind in (Kind.HEADING, Kind.ROW):
            return here.end
        return self.outline.line(self.last_of_text(number)).end

    def last_of_text(self, number: int) -> int:
        """The number of the last line of the paragraph. Remembered: many entries may stand in one."""
        passed = []
        while number not in self.lasts:
            passed.append(number)
            if number + 1 >= len(self.outline.written) or self.outline.line(number + 1).kind is not Kind.TEXT:
                self.lasts[number] = number
            else:
                number += 1
        self.lasts.update(dict.fromkeys(passed, self.lasts[number]))
        return self.lasts[number]
