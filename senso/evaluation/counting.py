"""Precision, recall and F1 with intervals: whole answers are resampled, since the pairs of one are alike."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

RESAMPLES = 1000
TAIL = 0.025
SEED = 7
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Count:
    """Of one answer: what was found rightly, what wrongly, and what was not found."""

    right: float = 0
    false: float = 0
    missed: float = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.false + other.false, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class Figure:
    """`low` and `high`: the 95 % interval. All None: there was nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None


Total = Callable[[Count], float | None]


def precision(total: Count) -> float | None:
    return ratio(total.right, total.right + total.false)


def recall(total: Count) -> float | None:
    return ratio(total.right, total.right + total.missed)


def f1(total: Count) -> float | None:
    """The harmonic mean of precision and recall."""
    return ratio(2 * total.right, 2 * total.right + total.false + total.missed)


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def figure(counts: Sequence[Count], of: Total) -> Figure:
    """`counts`: one for each answer."""
    return macro_figure([counts], of)


def macro_figure(classes: Sequence[Sequence[Count]], of: Total) -> Figure:
    """The mean over classes of what `of` makes of each; a class that never occurs is left out."""
    answers = len(classes[0]) if classes else 0
    chance = random.Random(SEED)
    draws = (chance.choices(range(answers), k=answers) for _ in range(RESAMPLES if answers else 0))
    drawn = sorted(value for draw in draws if (value := mean(classes, draw, of)) is not None)
    value = mean(classes, range(answers), of)
    if value is None or not drawn:
        return Figure(None, None, None)
    last = len(drawn) - 1
    low, high = drawn[int(TAIL * last)], drawn[round((1 - TAIL) * last)]
    return Figure(round(value, DIGITS), round(low, DIGITS), round(high, DIGITS))


def mean(classes: Sequence[Sequence[Count]], chosen: Iterable[int], of: Total) -> float | None:
    places = list(chosen)
    values = [value for counts in classes if (value := of(added(counts, places))) is not None]
    return sum(values) / len(values) if values else None


def added(counts: Sequence[Count], places: Iterable[int]) -> Count:
    right = false = missed = 0.0
    for place in places:
        one = counts[place]
        right, false, missed = right + one.right, false + one.false, missed + one.missed
    return Count(right, false, missed)


def by_class(counts: Sequence[Mapping[str, Count]]) -> list[list[Count]]:
    """For each class, its count in each answer."""
    names = sorted({name for one in counts for name in one})
    return [[one.get(name, Count()) for one in counts] for name in names]
