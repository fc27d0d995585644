"""Where an answer names an org, and in which of its sentences."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from sys import maxsize

from senso.extraction import judging, marking, naming, sentences, units, words
from senso.extraction.evidence.watched import Watched, names_in_use

SEPARATOR = " || "
MOST_OVERLAPS = 20  # of the occurrences of phrases


class Sentences:
    """The sentences of an answer, found when they are needed: in most answers nothing is named."""

    def __init__(self, text: words.Text) -> None:
        self.text = text
        # One text for all places in a sentence, which may be long; the entries are asked for more than once.
        self.shown: dict[words.Span, str] = {}
        self.known_entries: dict[tuple[words.Span, ...], list[words.Span]] = {}

    @cached_property
    def all(self) -> list[words.Span]:
        return sentences.sentences(self.text.answer)

    @cached_property
    def outline(self) -> units.Outline:
        return units.Outline(self.text.answer, self.around)

    def entries(self, places: Sequence[words.Span]) -> list[words.Span]:
        """The units in which the places lie, in order."""
        known = tuple(places)
        if known not in self.known_entries:
            self.known_entries[known] = units.units(self.outline, places)
        return self.known_entries[known]

    def around(self, places: Sequence[words.Span]) -> list[words.Span]:
        return sentences.around(places, self.all) if places else []

    def within(self, entries: Sequence[words.Span]) -> list[words.Span]:
        return [one for entry in entries for one in sentences.beginning_in(entry, self.all)]

    def around_one(self, place: words.Span) -> str:
        """The sentence in which a place begins, as text."""
        (span,) = self.around([place])
        if span not in self.shown:
            self.shown[span] = self.text.answer[slice(*span)]
        return self.shown[span]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer has a name of the org, or several that overlap there. `found`: each name where it stands."""

    span: words.Span
    found: tuple[tuple[words.Span, str], ...]

    @property
    def name(self) -> str:
        return max((name for _, name in self.found), key=len)


@lru_cache(maxsize=256)  # an answer is prepared for a model, and checked when the model has answered
def places(answer: str, org: Watched) -> tuple[Place, ...]:
    """In order."""
    found = found_in(words.text(answer), org)
    return tuple(place(group, found) for group in overlapping(found))


def overlapping(spans: Iterable[words.Span]) -> list[list[words.Span]]:
    groups: list[list[words.Span]] = []
    reached = -1
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if span[0] >= reached:
            groups.append([])
        groups[-1].append(span)
        reached = max(reached, span[1])
    return groups


def place(group: Sequence[words.Span], found: Mapping[words.Span, Sequence[str]]) -> Place:
    end = max(end for _, end in group)
    return Place((group[0][0], end), tuple((span, name) for span in group for name in found[span]))


def found_in(text: words.Text, org: Watched) -> dict[words.Span, list[str]]:
    """Where the answer names the org, and by which of its names; not within one of its not_names."""
    found: dict[words.Span, list[str]] = {}
    for name in names_in_use(org):
        for span in words.namings(text, name):
            found.setdefault(span, []).append(name)
    if not found or not org.not_names:
        return found
    others = sorted(span for name in org.not_names for span in words.namings(text, name))
    return {span: by for span, by in found.items() if not is_within_one(span, others)}


def is_within_one(span: words.Span, others: Sequence[words.Span]) -> bool:
    """`others`: sorted, of a few names, so that few of them begin close before a place."""
    last = bisect_right(others, (span[0], maxsize))
    return any(is_within(span, other) for other in others[max(0, last - MOST_OVERLAPS) : last])


class Doubts:
    """Whether a place may hold a common word, by all names that occur there."""

    def __init__(self, spans: Sentences) -> None:
        self.spans = spans
        self.doubts: dict[str, naming.Doubt] = {}

    def of(self, one: Place) -> bool:
        (sentence,) = self.spans.around([one.span])
        return all(self.about(name).of(span, sentence) for span, name in one.found)

    def about(self, name: str) -> naming.Doubt:
        return self.doubts.setdefault(name, naming.Doubt(name, self.spans.text))


def is_within(place: words.Span, other: words.Span) -> bool:
    return other[0] <= place[0] and place[1] <= other[1]


def evidence(spans: Sentences, organisations: int) -> judging.Evidence:
    return judging.Evidence(
        sentence_of=spans.around_one,
        located=lambda quote: spans.around(words.located(spans.text, marking.unmarked(quote))),
        shown=lambda some: SEPARATOR.join(dict.fromkeys(spans.text.answer[start:end] for start, end in some)),
        about=lambda kept: About(spans, kept).holds,
        organisations=organisations,
    )


class About:
    """Which sentences are about the org: those of its units, and those that follow them in the same line."""

    def __init__(self, spans: Sentences, kept: Sequence[words.Span]) -> None:
        self.answer = spans.text.answer
        self.entries = spans.entries(kept)

    def holds(self, sentence: words.Span) -> bool:
        before = bisect_right(self.entries, (sentence[0], maxsize))
        return before > 0 and self.answer.find("\n", self.entries[before - 1][1], sentence[0]) < 0
