"""Student's t distribution for any number of degrees of freedom, also a fraction."""

from functools import lru_cache
from math import exp, lgamma, log, pi, sqrt
from statistics import NormalDist

NORMAL = NormalDist()
WHOLE_FORMULAS = 2  # for 1 and 2 degrees of freedom the quantile is a formula; Hill's expansion is for more
ENOUGH_FOR_NORMAL = 1e6
LEAST = 1e-300
STEPS = 300
PRECISE = 1e-14

_normal_quantile = lru_cache(maxsize=16)(NORMAL.inv_cdf)  # of few tails


@lru_cache(maxsize=4096)
def quantile(tail: float, freedom: float) -> float:
    """What t exceeds with probability `tail` (at most .5). `freedom` below 2 counts as 2.

    G. W. Hill, Algorithm 396: Student's t-quantiles, Communications of the ACM 13 (1970); right to five digits.
    """
    if freedom >= ENOUGH_FOR_NORMAL:
        return -_normal_quantile(tail)
    if freedom <= WHOLE_FORMULAS:
        return sqrt(2 / (2 * tail * (2 - 2 * tail)) - 2)
    a = 1 / (freedom - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * freedom
    y = (2 * tail * d) ** (2 / freedom)
    squared = _near_normal(tail, freedom, (a, b, c, d)) if y > a + 0.05 else _far_out(y, freedom, d)
    return sqrt(freedom * squared)


def _near_normal(tail: float, freedom: float, terms: tuple[float, float, float, float]) -> float:
    a, b, c, d = terms
    x = _normal_quantile(tail)
    y = x**2
    if freedom < 5:  # noqa: PLR2004  Hill's
        c += 0.3 * (freedom - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = a * y**2
    return exp(y) - 1


def _far_out(y: float, freedom: float, d: float) -> float:
    first = 1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3)
    return ((first + 0.5 / (freedom + 4)) * y - 1) * (freedom + 1) / (freedom + 2) + 1 / y


def two_sided(t: float, freedom: float) -> float:
    """The probability of a value at least as far from 0 as `t`."""
    if freedom >= ENOUGH_FOR_NORMAL:
        return 2 * NORMAL.cdf(-abs(t))
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t**2))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (NIST DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    return front * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """Evaluated from the front, by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _not_zero(1 + term * d), _not_zero(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < PRECISE:
            break
    return value


def _not_zero(amount: float) -> float:
    return amount if abs(amount) > LEAST else LEAST
