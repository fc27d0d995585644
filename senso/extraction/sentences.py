"""Splits an answer into sentences. A list item, a heading and a table row are each a sentence."""

import re
from collections.abc import Iterable

Span = tuple[int, int]

# The sign, closing quotes and marks, the sources that assistants append to a sentence, and then a space; a Chinese or
# Japanese full stop needs no space. The end of a line always ends a sentence. Possessive repeats keep the time linear.
# All branches begin with a character of one set, so that the search does not try each branch at every place.
END = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f\r\n](?:(?<=[.!?\u2026])[.!?\u2026]*+[\"'\u201d\u2019)*_\]]*+"
    r"(?: ?\((?:\[[^\]\n]{1,120}\](?:\([^()\s]*\))?[, ]*+)++\)| ?\[\d{1,3}\](?:\([^()\s]*\))?)*+(?=[ \t])"
    r"|(?<=[\u3002\uff01\uff1f])[\u3002\uff01\uff1f]*+[\u300d\u300f\u201d)]*+|(?<=[\r\n])[\r\n]*+)"
)
UNENDING = re.compile(  # "St. Mary", "e.g. this", "J. Smith", and the number of a list item
    r"(?:^|[^\w.])(?:[^\W\d_]|(?:[^\W\d_]\.)+[^\W\d_]|mr|mrs|ms|dr|st|mt|ft|jr|sr|inc|ltd|corp|co|vs|no|approx|est)$"
    r"|(?:^|\n)[\s*_#>-]*\d{1,3}$",
    re.IGNORECASE,
)
LONGEST_ABBREVIATION = 24  # how many characters before the sign are examined


def sentences(answer: str) -> list[Span]:
    ends = [found.end() for found in END.finditer(answer) if _ends(answer, found)]
    return [span for span in map(_trimmed, [answer] * (len(ends) + 1), [0, *ends], [*ends, len(answer)]) if span]


def around(places: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    """The spans in which a place begins."""
    starts = [start for start, _ in places]
    return [(low, high) for low, high in spans if any(low <= start < high for start in starts)]


def _ends(answer: str, found: re.Match[str]) -> bool:
    if found[0][0] != ".":
        return True
    following = answer[found.end() : found.end() + 8].lstrip()
    before = answer[max(found.start() - LONGEST_ABBREVIATION, 0) : found.start()]
    return not following[:1].islower() and not UNENDING.search(before)


def _trimmed(answer: str, start: int, end: int) -> Span | None:
    piece = answer[start:end]
    start += len(piece) - len(piece.lstrip())
    return (start, start + len(piece.strip())) if piece.strip() else None
