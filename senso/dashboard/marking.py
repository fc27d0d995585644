"""An answer in parts, with what was found in it. Parts are texts; a template escapes them as any other text."""

from collections.abc import Iterable, Iterator, Sequence

from senso.extraction import words
from senso.reads.answer_places import NamedPlaces
from senso.reads.run_details import Reading

Part = tuple[str, str | None]
Span = tuple[int, int]
# Where two overlap, the first of these is shown.
ORDER = ("injection", "mention", "competitor", "claim", "source")
INJECTIONS = ("addressed-to-a-program", "order-to-the-model")
MOST_NAMES = 60
# A longer answer than any that is known is shown, and searched, up to here.
LONGEST = 200_000


def parts(answer: str, read: Reading | None, places: NamedPlaces | None, sources: Sequence[Span]) -> list[Part]:
    """`read`, `places`: of the org that it is shown for; None: it was not read for it."""
    shown = answer[:LONGEST]
    spans: dict[str, Iterable[Span]] = {"source": sources}
    if read is not None:
        spans |= {
            "injection": quoted(shown, (one["value"] for one in read.marks if one["kind"] in INJECTIONS)),
            "mention": kept(places),
            "competitor": named(shown, read.competitors[:MOST_NAMES]),
            "claim": quoted(shown, (one["sentence"] for one in read.claims if one["sentence"])),
        }
    return divided(shown, spans)


def kept(places: NamedPlaces | None) -> list[Span]:
    return [(one["start"], one["end"]) for one in places.occurrences if one["kept"]] if places else []


def quoted(answer: str, quotes: Iterable[str]) -> Iterator[Span]:
    """Each where it first stands."""
    for quote in quotes:
        start = answer.find(quote) if quote else -1
        if start >= 0:
            yield start, start + len(quote)


def named(answer: str, names: Sequence[str]) -> Iterator[Span]:
    text = words.text(answer)
    for name in names:
        yield from words.namings(text, name)


def divided(answer: str, spans: dict[str, Iterable[Span]]) -> list[Part]:
    """The answer as it is, cut where a mark begins or ends: the parts together are the answer."""
    kinds: list[str | None] = [None] * len(answer)
    for kind in reversed(ORDER):
        for start, end in spans.get(kind, ()):
            first, last = max(0, start), min(end, len(answer))
            kinds[first:last] = [kind] * max(0, last - first)
    found: list[Part] = []
    begin = 0
    for place in range(1, len(answer) + 1):
        if place == len(answer) or kinds[place] != kinds[begin]:
            found.append((answer[begin:place], kinds[begin]))
            begin = place
    return found
