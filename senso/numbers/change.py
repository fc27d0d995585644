"""The difference of a number between two periods, measured on what both have asked.

Paired by question: how often a question names the org differs far more between questions than between two weeks, and
what both periods share cancels out. The sampling unit is the question, so the difference is that of questions like
these.

The variance between the questions' differences is averaged with that of independent answers, weighted by what the
questions can tell: without it, two or three questions that happen to change alike would have an interval without width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt

from senso.numbers.intervals import BOTH
from senso.numbers.student import quantile, two_sided
from senso.numbers.sums import Sums

WORTH_OF_INDEPENDENT = 2.0  # how much the variance of independent answers weighs, in questions
SEEN = 0.2  # a change of `detectable` is missed this often
WHOLE = 1.0
LEAST_VALUE = 1e-9
FEWEST_QUESTIONS = 2
ONE_FOR_ALL = 1 + 1e-9  # one question has all that is counted


@dataclass(frozen=True, slots=True)
class Question:
    """What both periods have of a question: the sums, over the cells that both have, of the means of a cell's answers.

    x are numerators, n denominators.
    """

    before_x: float
    before_n: float
    after_x: float
    after_n: float


@dataclass(frozen=True, slots=True)
class Difference:
    """`detectable`: the change that four of five such comparisons would find.

    `needed`: with how many questions four of five would find a change as large as `value`; None if there is none.
    """

    before: float
    after: float
    value: float
    low: float
    high: float
    p: float
    questions: int
    detectable: float
    needed: int | None


@dataclass(frozen=True, slots=True)
class Error:
    """The standard error of a difference, with its degrees of freedom."""

    size: float
    freedom: float


def difference(questions: Sequence[Question], before: Sums, after: Sums, *, is_rank: bool = False) -> Difference | None:
    """`before`, `after`: sums over the answers of the cells that both periods have.

    None if either period has nothing to divide by, or fewer than two questions have.
    """
    counted = [one for one in questions if one.before_n or one.after_n]
    below, above = (sum(getattr(one, name) for one in counted) for name in ("before_n", "after_n"))
    if len(counted) < FEWEST_QUESTIONS or not below or not above:
        return None
    first = sum(one.before_x for one in counted) / below
    second = sum(one.after_x for one in counted) / above
    even = 1 / sum(((one.before_n / below + one.after_n / above) / 2) ** 2 for one in counted)
    if even <= ONE_FOR_ALL:
        return None
    paired = (
        even
        / (even - 1)
        * sum(
            ((one.after_x - second * one.after_n) / above - (one.before_x - first * one.before_n) / below) ** 2
            for one in counted
        )
    )
    error = _error(paired, even, before, after, is_rank=is_rank)
    return _found(first, second, error, len(counted), is_rank=is_rank)


def _error(paired: float, even: float, before: Sums, after: Sums, *, is_rank: bool) -> Error:
    """`paired`: the variance as the questions' differences have it; `even`: as many questions of equal size tell it."""
    independent = _independent(before, is_rank=is_rank) + _independent(after, is_rank=is_rank)
    told = (even - 1) * (1.0 if is_rank else min(1.0, 4 * _middle(before, after)))
    weight = WORTH_OF_INDEPENDENT + told
    size = sqrt((WORTH_OF_INDEPENDENT * independent + told * paired) / weight)
    return Error(size, weight**2 / told if told > 0 else inf)


def _found(before: float, after: float, error: Error, questions: int, *, is_rank: bool) -> Difference:
    value, most = after - before, inf if is_rank else WHOLE
    half = quantile(BOTH, error.freedom) * error.size
    detectable = half + quantile(SEEN, error.freedom) * error.size
    return Difference(
        before=before,
        after=after,
        value=value,
        low=max(-most, value - half),
        high=min(most, value + half),
        p=two_sided(value / error.size, error.freedom),
        questions=questions,
        detectable=min(most, detectable),
        needed=_needed(questions, detectable, value),
    )


def _needed(questions: int, detectable: float, value: float) -> int | None:
    return ceil(questions * (detectable / value) ** 2) if abs(value) > LEAST_VALUE else None


def _middle(before: Sums, after: Sums) -> float:
    """p(1 - p) of both periods together: 0 if all answers agree."""
    rate = (before.x + after.x) / (before.n + after.n)
    return max(0.0, rate * (1 - rate))


def _independent(answers: Sums, *, is_rank: bool) -> float:
    """The variance of the ratio if answers were independent; one more hit and one more miss keep it above 0.

    A. Agresti and B. Caffo, Simple and effective confidence intervals for proportions, American Statistician 54 (2000).
    """
    if is_rank:
        mean = max(0.0, answers.ratio - 1)
        single = (mean + 1 / answers.n) * (1 + mean / 2)
    else:
        rate = (answers.x + 1) / (answers.n + 2)
        single = rate * (1 - rate)
    spread = answers.spread / answers.n
    return max(single, spread) / answers.n
