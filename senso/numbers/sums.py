"""What an interval needs to know of its units (questions, or answers): six sums."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import NamedTuple, Self

PARTS = 10_000  # of an answer's text
MANY = 20  # units from which on it is quicker to count equal ones first


class Sums(NamedTuple):
    """Over units with an `n` above 0, each with a numerator x and a denominator n.

    `units`: how many they are; `xx`, `xn`, `nn`: sums of products.
    """

    units: int
    x: float
    n: float
    xx: float
    xn: float
    nn: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> Self:
        counted = [pair for pair in pairs if pair[1]]
        xs, ns = ([pair[side] for pair in counted] for side in (0, 1))
        return cls(
            units=len(counted),
            x=sum(xs),
            n=sum(ns),
            xx=sum(x * x for x in xs),
            xn=sum(x * n for x, n in counted),
            nn=sum(n * n for n in ns),
        )

    @classmethod
    def of_counts(cls, counts: Sequence[complex]) -> Self:
        """The same from complex numbers: x and n of each unit, both whole numbers. Of many units few differ."""
        units, x, n, xx, xn, nn = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for one, times in Counter(counts).items() if len(counts) > MANY else zip(counts, repeat(1)):
            above, below = one.real, one.imag
            if below:
                units += times
                x += above * times
                n += below * times
                xx += above * above * times
                xn += above * below * times
                nn += below * below * times
        return cls(units, x, n, xx, xn, nn)

    @property
    def ratio(self) -> float:
        return self.x / self.n

    @property
    def mean_size(self) -> float:
        """The size of the unit to which a piece of the denominator belongs, on average."""
        return self.nn / self.n

    @property
    def even_units(self) -> float:
        """As many units of equal size would count as much; one that is far larger than the others counts for all."""
        return self.n**2 / self.nn

    @property
    def spread(self) -> float:
        """The sum of (x - ratio * n)²: how far the units are from what all of them say."""
        return max(0.0, self.xx - 2 * self.ratio * self.xn + self.ratio**2 * self.nn)
