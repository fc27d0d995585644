"""What an interval needs to know of its units (questions, or answers): six sums."""

from collections.abc import Iterable, Sequence
from operator import mul
from typing import NamedTuple, Self

PARTS = 10_000  # of an answer's text
Place = tuple[int, int]  # of a number in a table: the columns of its numerator and of its denominator


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
    def of_table(cls, rows: Sequence[Sequence[int]], places: Sequence[Place]) -> list[Self]:
        """The same for each of `places`. `rows`: of the units; where a denominator is 0, its numerators are, too.

        Sums of a denominator are made once for all numbers that have it.
        """
        columns = list(zip(*rows, strict=True))
        sizes = {below: _sizes(columns[below]) for below in {place[1] for place in places}}
        found = []
        for above, below in places:
            xs, (units, n, nn, each) = columns[above], sizes[below]
            x, xx, xn = 0, 0, 0
            if any(xs):
                x, xx = sum(xs), sum(map(mul, xs, xs))
                xn = x * each if each else sum(map(mul, xs, columns[below]))
            found.append(cls(units, x, n, xx, xn, nn))
        return found

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
        ratio = self.ratio
        return max(0.0, self.xx - 2 * ratio * self.xn + ratio**2 * self.nn)


def _sizes(ns: Sequence[int]) -> tuple[int, int, int, int]:
    """Of a denominator: units, n, nn, and what each unit has if all have the same, else 0."""
    units, n, most = len(ns) - ns.count(0), sum(ns), max(ns)
    is_even = n == units * most
    return units, n, n * most if is_even else sum(map(mul, ns, ns)), most if is_even else 0
