"""Spans of an answer: the sentence or the line around a place, and spans put together."""

import re
from collections.abc import Iterable, Iterator

from senso.extraction.words import Span

# Coarser than extraction.sentences, and quicker: here a cut at an abbreviation does no harm.
STOP = re.compile(r"[.!?…]{1,3}[\"'”’»)*_\]]{0,4}(?=\s)|[。！？।]{1,3}[」』”）]?|(?<=\s)\|(?=\s)")
FAR = 2000
BLANK = re.compile(r"\n[ \t]*\r?\n")


def line_around(answer: str, place: int) -> Span:
    start, end = answer.rfind("\n", 0, place) + 1, answer.find("\n", place)
    return start, len(answer) if end < 0 else end


LONGEST = 400  # characters of a sentence: a longer one is cut


def sentences(answer: str, line: Span) -> Iterator[Span]:
    """The sentences of a line, with no blanks around them."""
    start = line[0]
    for stop in STOP.finditer(answer, *line):
        yield from cut(answer, start, stop.end())
        start = stop.end()
    yield from cut(answer, start, line[1])


def cut(answer: str, start: int, end: int) -> Iterator[Span]:
    while end - start > LONGEST:
        space = answer.rfind(" ", start + 1, start + LONGEST)
        middle = space if space > 0 else start + LONGEST
        yield from filled(answer, start, middle)
        start = middle
    yield from filled(answer, start, end)


def sentence_around(answer: str, place: int) -> Span:
    """Looks no further than a few sentences to each side."""
    start, end = line_around(answer, place)
    start, end = max(start, place - FAR), min(end, place + FAR)
    return next((one for one in sentences(answer, (start, end)) if one[0] <= place < one[1]), (start, end))


def filled(answer: str, start: int, end: int) -> Iterator[Span]:
    piece = answer[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(stripped)


def paragraph_end(answer: str, place: int) -> int:
    """Where the paragraph of `place` ends: before a blank line, or with the answer."""
    found = BLANK.search(answer, place)
    return found.start() if found else len(answer)


def merged(spans: Iterable[Span], answer: str) -> tuple[Span, ...]:
    """Sorted and disjoint; those with nothing but blanks between them are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and (start <= found[-1][1] or not answer[found[-1][1] : start].strip()):
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return tuple(found)
