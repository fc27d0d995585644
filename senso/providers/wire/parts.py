"""An answer that comes in parts, and the sources that a vendor names one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from senso.providers import Source

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Named:
    """A page that a vendor names. `cited`: a sentence refers to it; `spans`: which characters of the whole text."""

    url: str
    title: str | None = None
    cited: bool = True
    spans: tuple[tuple[int, int], ...] = ()


def joined(messages: Iterable[str]) -> tuple[str, list[int]]:
    """Messages as one text, apart by a blank line, and where each begins."""
    told, starts = "", []
    for message in messages:
        told += BETWEEN if told and message else ""
        starts.append(len(told))
        told += message
    return told, starts


def sources(named: Sequence[Named]) -> tuple[Source, ...]:
    """Each address once, in the order of the vendor: cited where any mention of it is, with the spans of all."""
    found: dict[str, Source] = {}
    for one in named:
        known = found.get(one.url)
        if known is None:
            found[one.url] = Source(one.url, one.title, len(found) + 1, one.cited, tuple(dict.fromkeys(one.spans)))
        else:
            found[one.url] = both(known, one)
    return tuple(found.values())


def both(known: Source, one: Named) -> Source:
    spans = tuple(dict.fromkeys((*known.spans, *one.spans)))
    return Source(known.url, known.title or one.title, known.position, known.cited or one.cited, spans)
