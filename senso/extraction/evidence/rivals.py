"""Where an answer names tracked competitors: each place gets a mark that a model judges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from senso.extraction import words
from senso.extraction.competitors import Followed
from senso.extraction.evidence.occurrences import overlapping
from senso.extraction.evidence.watched import Watched, followed_by
from senso.extraction.prompts.reply import NAMED, Said

MOST_TRACKED = 30  # that are marked in an answer
MOST_MARKS = 5  # of each: one confirmed place is enough


@dataclass(frozen=True, slots=True)
class Rival:
    label: str
    name: str
    keys: frozenset[str]
    places: tuple[words.Span, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the places that are marked. Where all of them are rejected, so are those behind them."""
        return tuple(f"{self.label}.{number}" for number in range(1, len(self.places[:MOST_MARKS]) + 1))

    @property
    def marks(self) -> Iterator[tuple[int, str]]:
        for (start, _), label in zip(self.places, self.labels, strict=False):
            yield start, label


def labelled(answer: str, orgs: Iterable[Watched]) -> tuple[Rival, ...]:
    """Those that occur, of all orgs, each once."""
    return found(answer, tuple(dict.fromkeys(one for org in orgs for one in followed_by(org))))


@lru_cache(maxsize=256)  # an answer is prepared for a model, and checked when the model has answered
def found(answer: str, tracked: tuple[Followed, ...]) -> tuple[Rival, ...]:
    occurring = ((one, places) for one in tracked if (places := places_of(answer, one)))
    return tuple(
        Rival(f"T{number}", one.name, one.keys, tuple(places))
        for number, (one, places) in enumerate(islice(occurring, MOST_TRACKED), start=1)
    )


def places_of(answer: str, one: Followed) -> list[words.Span]:
    text = words.text(answer)
    groups = overlapping({span for name in one.spellings for span in words.namings(text, name)})
    return [(group[0][0], max(end for _, end in group)) for group in groups]


def verdict(told: Said, one: Followed) -> bool | None:
    """Whether a competitor is named, by the verdicts on its places. None: some were not judged, and none confirmed."""
    verdicts = [told.verdict(label) for label in told.tracked.get(one.keys, ())]
    if NAMED in verdicts:
        return True
    return False if verdicts and None not in verdicts else None
