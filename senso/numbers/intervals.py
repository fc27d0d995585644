"""Intervals at 95 % for shares (between 0 and 1) and for average ranks (1 or more).

Wilson's interval, with as many answers as all of them are worth together. A sample of whole questions is worth its
number of answers divided by the design effect: by how much the variance between questions exceeds that of as many
independent answers (Kish, Survey Sampling, 1965). Few questions say little about their own variance, and a rate near 0
or 1 less still; so the measured design effect is averaged, on a logarithmic scale, with that of answers that resemble
each other closely (as variances are in Smyth's moderated t, 2004), weighted by what the sample can say about it.
Student's t has the degrees of freedom of that average (Satterthwaite).

Where a rate is so near 0 that no hit at all would be no surprise, an interval cannot miss it from below; then all 5 %
of what may be missed are on the other side (the same near 1). docs/numbers.md compares this with other methods.
"""

from collections.abc import Callable
from functools import lru_cache
from math import exp, inf, log, sqrt
from typing import NamedTuple

from senso.numbers.student import quantile
from senso.numbers.sums import Sums

BOTH, ONE = 0.025, 0.05  # of what may be missed on a side: if both sides can miss, and if only one can
NORMAL = quantile(BOTH, inf)
ALIKE = 0.6  # the correlation of answers to one question that is assumed as far as a sample does not tell
WORTH_OF_ALIKE = 0.2  # how much that assumption weighs, in questions
LEAST_EFFECT = 0.4  # a smaller one, measured on few questions, is chance
FEWEST_QUESTIONS = 2

WILSON = "wilson-95"
WILSON_REPEATED = "wilson-repeats-95"
WILSON_CLUSTERED = "wilson-questions-95"
SCORE = "score-95"
SCORE_REPEATED = "score-repeats-95"
SCORE_CLUSTERED = "score-questions-95"
TOO_FEW_QUESTIONS = "none-under-2-questions"
NONE = "none"


class Interval(NamedTuple):
    """`effective_n`: as many independent answers would have an interval of this width."""

    low: float | None
    high: float | None
    effective_n: float | None
    method: str


NOTHING = Interval(None, None, None, NONE)
OF_ONE_QUESTION = Interval(None, None, None, TOO_FEW_QUESTIONS)


class Effect(NamedTuple):
    """The design effect that was `measured`, and by how many units' worth it is `told`."""

    measured: float
    told: float


class Kind(NamedTuple):
    """What differs between shares and average ranks.

    `bounds`: of a value with its effective n, degrees of freedom, and the least n that it can be worth (infinite: both
    sides may always miss). `assumed`, `most`: the design effect of answers that resemble each other closely, and the
    largest that there can be, for units of a mean size.
    """

    effect: Callable[[Sums], Effect]
    bounds: Callable[[float, float, float, float], tuple[float, float]]
    assumed: Callable[[float, float], float]
    most: Callable[[float], float]


def wilson(rate: float, n: float, t: float = NORMAL) -> tuple[float, float]:
    """E. B. Wilson, Probable Inference, JASA 22 (1927); `n` may be a fraction."""
    square = t**2
    stretch = 1 + square / n
    centre = (rate + square / (2 * n)) / stretch
    half = t / stretch * sqrt(rate * (1 - rate) / n + square / (4 * n**2))
    return (max(0.0, centre - half) if rate > 0 else 0.0), (min(1.0, centre + half) if rate < 1 else 1.0)


def counts_mean(mean: float, n: float, t: float = NORMAL) -> tuple[float, float]:
    """The same (a score interval) for the mean of a count, whose variance grows as its mean does."""
    half = t**2 / (2 * n)
    root = sqrt(2 * half * mean + half**2)
    return (max(0.0, mean + half - root) if mean > 0 else 0.0), mean + half + root


def share_like(sums: Sums, most: float = inf) -> Interval:
    """Of questions like these. `sums`: over questions.

    `most`: the effective n of the answers; citations of one answer resemble each other too, and a few questions that
    happen to agree do not make them worth more.
    """
    return _clustered(sums, SHARE, most, WILSON_CLUSTERED)


def rank_like(sums: Sums, most: float = inf) -> Interval:
    """Of questions like these; x is the sum of the ranks of a question's answers, n their number."""
    return _from_one(_clustered(_from_zero(sums), RANK, most, SCORE_CLUSTERED))


def share_these(answers: Sums, kept: float = 1.0) -> Interval:
    """Of the same questions asked again. `answers`: sums over answers.

    `kept`: of the variance between answers, the share that is within repeats of the same cell (`within_repeats`).
    Without repeats it is 1, as if the answers to all questions were drawn from one urn: too wide, never too narrow.
    """
    return _plain(answers, SHARE, kept, WILSON if kept == 1 else WILSON_REPEATED)


def rank_these(answers: Sums, kept: float = 1.0) -> Interval:
    """As `share_these`, for average ranks."""
    return _from_one(_plain(_from_zero(answers), RANK, kept, SCORE if kept == 1 else SCORE_REPEATED))


def _share_effect(sums: Sums) -> Effect:
    """All questions tell if the rate is a half; the nearer it is to 0 or 1, the fewer do."""
    rate, even = sums.ratio, sums.even_units
    single, between = rate * (1 - rate), variance(sums, even)
    whole = single + between  # unbiased, since the variance of the rate is missing in `single`
    measured = sums.n * between / whole if whole > 0 else 1.0
    return Effect(measured, 4 * single * (even - 1))


def _count_effect(sums: Sums) -> Effect:
    mean, even = sums.ratio, sums.even_units
    measured = sums.n * variance(sums, even) / mean if sums.x else 1.0
    return Effect(measured, (1 - exp(-4 * mean)) * (even - 1))


def variance(sums: Sums, even: float) -> float:
    """Of the ratio, from how its units differ: linearised, and corrected for few units as CR2 is.

    `even`: the sums' `even_units`.
    """
    return sums.spread / sums.n**2 * even / (even - 1) if even > 1 + 1e-9 else 0.0


def _clustered(sums: Sums, kind: Kind, most: float, method: str) -> Interval:
    if sums.n == 0:
        return NOTHING
    if sums.units < FEWEST_QUESTIONS:
        return OF_ONE_QUESTION
    ratio, size = sums.ratio, max(1.0, sums.mean_size)
    assumed = kind.assumed(size, ratio)
    design, freedom = _moderated(sums, kind, assumed, kind.most(size))
    n = min(sums.n / design, most)
    low, high = kind.bounds(ratio, n, freedom, sums.n / assumed)
    return Interval(low, high, n, method)


def _plain(answers: Sums, kind: Kind, kept: float, method: str) -> Interval:
    if answers.n == 0:
        return NOTHING
    ratio, size = answers.ratio, max(1.0, answers.mean_size)
    design, freedom = _moderated(answers, kind, kind.assumed(size, ratio), kind.most(size))
    n = answers.n / design / kept
    low, high = kind.bounds(ratio, n, freedom, inf)
    return Interval(low, high, n, method)


def _moderated(sums: Sums, kind: Kind, assumed: float, most: float) -> tuple[float, float]:
    """The design effect that counts, between 1 and `most`, and its degrees of freedom."""
    if most == 1:  # each unit is one answer, and there is no effect to measure
        return 1.0, inf
    measured, told = kind.effect(sums)
    weight = WORTH_OF_ALIKE + told
    design = exp((WORTH_OF_ALIKE * log(assumed) + told * log(max(measured, LEAST_EFFECT))) / weight)
    return min(max(design, 1.0), most), weight**2 / told + 1 if told > 0 else inf


def _share_bounds(rate: float, n: float, freedom: float, least_n: float) -> tuple[float, float]:
    low, high = wilson(rate, n, quantile(BOTH, freedom))
    unseen = _unseen(least_n)
    if low >= unseen and high <= 1 - unseen:
        return low, high
    one_low, one_high = wilson(rate, n, quantile(ONE, freedom))
    return max(low, min(one_low, unseen)), min(high, max(one_high, 1 - unseen))


@lru_cache(maxsize=256)
def _unseen(n: float) -> float:
    """The rate below which a sample without any hit is no surprise."""
    return wilson(0, n)[1]


def _count_bounds(mean: float, n: float, freedom: float, _: float) -> tuple[float, float]:
    return counts_mean(mean, n, quantile(BOTH, freedom))


def _share_assumed(size: float, _: float) -> float:
    return 1 + (size - 1) * ALIKE


def _count_assumed(size: float, mean: float) -> float:
    return (1 + (size - 1) * ALIKE) * (1 + mean)


SHARE = Kind(_share_effect, _share_bounds, assumed=_share_assumed, most=lambda size: size)
# How ranks spread around their mean is not bounded by it, as it is for shares.
RANK = Kind(_count_effect, _count_bounds, assumed=_count_assumed, most=lambda _: inf)


def _from_zero(sums: Sums) -> Sums:
    """Ranks less 1, so that the best is 0."""
    return Sums(sums.units, sums.x - sums.n, sums.n, sums.xx - 2 * sums.xn + sums.nn, sums.xn - sums.nn, sums.nn)


def _from_one(found: Interval) -> Interval:
    if found.low is None or found.high is None:
        return found
    return Interval(1 + found.low, 1 + found.high, found.effective_n, found.method)
