"""What is measured: each field of a reading against the labels, answer by answer, and what was missed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from senso.evaluation.counting import Count
from senso.evaluation.labelled import Label, Labelled, Span
from senso.evaluation.reading import Read, spans
from senso.extraction import words

FIELDS = ("mention", "mention text", "sentiment", "rank", "competitors", "citations", "claims")
Reads = Sequence[Read]  # of one answer, in the order of its labels


@dataclass(frozen=True, slots=True)
class Miss:
    """`expected` and `found`: as the field has them."""

    field: str
    answer: str
    brand: str
    expected: str
    found: str


def pairs(of: Labelled, reads: Reads) -> Iterator[tuple[Label, Read]]:
    return zip(of.labels, reads, strict=True)


def mention(of: Labelled, reads: Reads) -> Count:
    return sum((decided(label.mentioned, read.mentioned) for label, read in pairs(of, reads)), Count())


def citation(of: Labelled, reads: Reads) -> Count:
    return sum((decided(label.cited, read.cited) for label, read in pairs(of, reads)), Count())


def decided(expected: bool, found: bool) -> Count:  # noqa: FBT001  two answers to one question
    return Count(expected and found, found and not expected, expected and not found)


def mention_text(of: Labelled, reads: Reads) -> Count:
    """In characters that are no space, of the pairs that both take for mentioned."""
    both = [(label, read) for label, read in pairs(of, reads) if label.mentioned and read.mentioned]
    return sum((overlap(of.answer.text, label, read) for label, read in both), Count())


def overlap(text: str, label: Label, read: Read) -> Count:
    expected, found = visible(text, label.spans), visible(text, spans(text, read.text))
    return Count(len(expected & found), len(found - expected), len(expected - found))


def visible(text: str, where: Iterable[Span]) -> set[int]:
    return {place for start, end in where for place in range(start, end) if not text[place].isspace()}


def sentiment(of: Labelled, reads: Reads) -> Mapping[str, Count]:
    """By sentiment, of the pairs that both take for mentioned."""
    found: defaultdict[str, Count] = defaultdict(Count)
    for label, read in pairs(of, reads):
        if label.mentioned and read.mentioned:
            expected, said = str(label.sentiment), str(read.sentiment)
            found[expected] += Count(expected == said, 0, expected != said)
            found[said] += Count(0, expected != said, 0)
    return found


def rank(of: Labelled, reads: Reads) -> Count:
    """A rank is right if it is the very same; of the pairs that both take for mentioned."""
    both = [(label.rank, read.rank) for label, read in pairs(of, reads) if label.mentioned and read.mentioned]
    return sum((placed(expected, found) for expected, found in both), Count())


def placed(expected: int | None, found: int | None) -> Count:
    if expected == found:
        return Count(expected is not None, 0, 0)
    return Count(0, found is not None, expected is not None)


def competitors(of: Labelled, reads: Reads, tracked: Sequence[str] | None = None) -> Count:
    """Names are the same if `words.key` says so. `tracked`: only these are looked for; None: whatever is found."""
    return sum((named(label, read, tracked) for label, read in pairs(of, reads)), Count())


def named(label: Label, read: Read, tracked: Sequence[str] | None) -> Count:
    expected, found = set(map(words.key, label.competitors)), set(map(words.key, read.competitors))
    if tracked is not None:
        expected &= set(map(words.key, tracked))
    return Count(len(expected & found), len(found - expected), len(expected - found))


def claims(of: Labelled, reads: Reads) -> Count:
    """Right: a labelled claim that a sentence of a claim holds a part of. False: such a sentence without one."""
    labelled = [(label.claims, read) for label, read in pairs(of, reads) if label.claims is not None]
    return sum((stated(of.answer.text, expected, read) for expected, read in labelled), Count())


def stated(text: str, expected: Sequence[Span], read: Read) -> Count:
    found = [place for sentence in read.claims for place in spans(text, sentence)]
    right = sum(any(overlaps(claim, place) for place in found) for claim in expected)
    false = sum(not any(overlaps(claim, place) for claim in expected) for place in found)
    return Count(right, false, len(expected) - right)


def overlaps(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def misses(of: Labelled, reads: Reads) -> Iterator[Miss]:
    """Where a mention or a citation was decided wrongly."""
    for label, read in pairs(of, reads):
        if label.mentioned != read.mentioned:
            expected = "mentioned" if label.mentioned else f"not mentioned ({label.why})"
            yield Miss("mention", label.answer, label.brand, expected, shown(read))
        if label.cited != read.cited:
            said = ["not cited", "cited"]
            yield Miss("citations", label.answer, label.brand, said[label.cited], said[read.cited])


def shown(read: Read) -> str:
    return f"mentioned: {' '.join((read.text or '').split())[:120]}" if read.mentioned else "not mentioned"
