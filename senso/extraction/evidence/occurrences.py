"""Where an answer names an org, and in which of its sentences."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from sys import maxsize

from senso.extraction import mentions, naming, sentences, words
from senso.extraction.evidence.watched import Watched, names_in_use

MOST_OVERLAPS = 20  # of the occurrences of phrases


class Sentences:
    """The sentences of an answer, found when they are needed: in most answers nothing is named."""

    def __init__(self, text: words.Text) -> None:
        self.text = text

    @cached_property
    def all(self) -> list[words.Span]:
        return sentences.sentences(self.text.answer)

    def around(self, places: Sequence[words.Span]) -> list[words.Span]:
        return sentences.around(places, self.all) if places else []

    def within(self, entries: Sequence[words.Span]) -> list[words.Span]:
        return [one for entry in entries for one in sentences.beginning_in(entry, self.all)]

    def shown(self, places: Sequence[words.Span]) -> str:
        found = dict.fromkeys(self.around(places))
        return mentions.SEPARATOR.join(self.text.answer[start:end] for start, end in found)


def evidence(text: words.Text, spans: Sentences, org: Watched, organisations: int) -> mentions.Evidence:
    found = found_in(text, org)
    return mentions.Evidence(
        naming=sorted(found),
        located=lambda quote: words.located(text, quote),
        sentences=spans.around,
        shown=spans.shown,
        organisations=organisations,
        doubtful=Doubts(text, spans, found).of,
    )


def places(text: words.Text, org: Watched) -> list[words.Span]:
    return sorted(found_in(text, org))


def found_in(text: words.Text, org: Watched) -> dict[words.Span, list[str]]:
    """Where the answer names the org, and by which of its names; not within one of its not_names."""
    found: dict[words.Span, list[str]] = {}
    for name in names_in_use(org):
        for place in words.namings(text, name):
            found.setdefault(place, []).append(name)
    if not found or not org.not_names:
        return found
    others = sorted(place for name in org.not_names for place in words.namings(text, name))
    return {place: by for place, by in found.items() if not is_within_one(place, others)}


def is_within_one(place: words.Span, others: Sequence[words.Span]) -> bool:
    """`others`: sorted, of a few names, so that few of them begin close before a place."""
    last = bisect_right(others, (place[0], maxsize))
    return any(is_within(place, other) for other in others[max(0, last - MOST_OVERLAPS) : last])


class Doubts:
    """Whether an occurrence may be a common word, by all names that occur there, longer ones included."""

    def __init__(self, text: words.Text, spans: Sentences, found: Mapping[words.Span, Sequence[str]]) -> None:
        self.text, self.spans, self.found = text, spans, found
        self.doubts: dict[str, naming.Doubt] = {}

    def of(self, place: words.Span) -> bool:
        (sentence,) = self.spans.around([place])
        return all(self.about(name).of(place, sentence) for name in self.names_at[place])

    @cached_property
    def names_at(self) -> dict[words.Span, list[str]]:
        at: dict[words.Span, list[str]] = {}
        around: list[words.Span] = []
        for place in sorted(self.found, key=lambda one: (one[0], -one[1])):
            around = [other for other in around if other[1] > place[0]] + [place]
            at[place] = [name for other in around if is_within(place, other) for name in self.found[other]]
        return at

    def about(self, name: str) -> naming.Doubt:
        return self.doubts.setdefault(name, naming.Doubt(name, self.text))


def is_within(place: words.Span, other: words.Span) -> bool:
    return other[0] <= place[0] and place[1] <= other[1]


def is_named(text: words.Text, org: Watched) -> bool:
    return bool(places(text, org))
