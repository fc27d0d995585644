"""Which parts of an answer show code: what stands there is shown, not said."""

import re
from bisect import bisect_right
from functools import cached_property

from senso.extraction.words import Span

FENCE = re.compile(r"^[ \t]{0,8}(?:```|~~~).*?(?:^[ \t]{0,8}(?:```|~~~)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]{1,300}`")


class Code:
    def __init__(self, answer: str) -> None:
        self.answer = answer

    @cached_property
    def fences(self) -> list[Span]:
        return (
            [found.span() for found in FENCE.finditer(self.answer)]
            if "```" in self.answer or "~~~" in self.answer
            else []
        )

    @cached_property
    def inline(self) -> list[Span]:
        return [found.span() for found in INLINE.finditer(self.answer)] if "`" in self.answer else []

    def fence(self, place: int) -> Span | None:
        return at(self.fences, place)

    def holds(self, place: int) -> bool:
        return self.fence(place) is not None or at(self.inline, place) is not None


def at(spans: list[Span], place: int) -> Span | None:
    before = bisect_right(spans, place, key=lambda span: span[0])
    return spans[before - 1] if before and place < spans[before - 1][1] else None
