"""Intervals of means that are no rates: of shares of a text, and of net sentiment.

Both lie between two bounds, and among all such means a rate spreads most. So the interval of a rate holds them at least
as often as it says, and is wider than it need be.
"""

from math import inf

from senso.numbers.intervals import Interval, share_like, share_these
from senso.numbers.sums import PARTS, Sums


def parts_like(sums: Sums, most: float = inf) -> Interval:
    """As `share_like`, for numerators and denominators in ten-thousandths."""
    return share_like(_whole(sums), most)


def parts_these(answers: Sums, kept: float = 1.0) -> Interval:
    return share_these(_whole(answers), kept)


def net_like(sums: Sums, most: float = inf) -> Interval:
    """As `share_like`, for means from -1 to 1."""
    return _from_half(share_like(_to_half(sums), most))


def net_these(answers: Sums, kept: float = 1.0) -> Interval:
    return _from_half(share_these(_to_half(answers), kept))


def _whole(sums: Sums) -> Sums:
    square = PARTS**2
    return Sums(sums.units, sums.x / PARTS, sums.n / PARTS, sums.xx / square, sums.xn / square, sums.nn / square)


def _to_half(sums: Sums) -> Sums:
    """-1 becomes 0, and 0 a half."""
    return Sums(
        sums.units,
        (sums.x + sums.n) / 2,
        sums.n,
        (sums.xx + 2 * sums.xn + sums.nn) / 4,
        (sums.xn + sums.nn) / 2,
        sums.nn,
    )


def _from_half(found: Interval) -> Interval:
    if found.low is None or found.high is None:
        return found
    return found._replace(low=2 * found.low - 1, high=2 * found.high - 1)
