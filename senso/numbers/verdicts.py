"""What a difference between two periods means, and which of many differences are more than chance."""

from collections.abc import Sequence
from enum import StrEnum

from senso.numbers.change import Difference

FALSE_ALARMS = 0.05
FEWEST_QUESTIONS = 3
FEWEST_ANSWERS = 10
LEAST_SHARED = 0.5  # of the cells of each period
# Probabilities between which a few more answers may change the verdict. Also below the level of the verdict itself:
# who asks again only where nothing has moved yet, and stops where something has, finds more than the promised share of
# false alarms (docs/numbers.md).
NEAR = (0.03, 0.2)


class Verdict(StrEnum):
    """Values are shown and stored."""

    MOVED = "moved"
    WITHIN_NOISE = "within-noise"
    NOT_ENOUGH = "not-enough"
    MODEL_CHANGED = "model-changed"
    QUESTIONS_CHANGED = "questions-changed"


def adjusted(chances: Sequence[float]) -> list[float]:
    """Each p-value corrected for being one of many; those up to .05 hold 5 % of false alarms at most.

    Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, JRSS B 57 (1995).
    """
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    least, found = 1.0, [1.0] * len(chances)
    for place in range(len(order), 0, -1):
        at = order[place - 1]
        least = min(least, chances[at] * len(chances) / place)
        found[at] = least
    return found


def before_correction(
    difference: Difference | None, *, shared: float, answers: int, is_same_model: bool
) -> Verdict | None:
    """What forbids a verdict by numbers; None if nothing does.

    `shared`: of the cells of either period, the smaller share that the other has too. `answers`: of the period that
    has fewer.
    """
    if shared < LEAST_SHARED:
        return Verdict.QUESTIONS_CHANGED
    if difference is None or difference.questions < FEWEST_QUESTIONS or answers < FEWEST_ANSWERS:
        return Verdict.NOT_ENOUGH
    return None if is_same_model else Verdict.MODEL_CHANGED


def is_near(adjusted_p: float) -> bool:
    least, most = NEAR
    return least <= adjusted_p <= most


def by_chance(adjusted_p: float) -> Verdict:
    return Verdict.MOVED if adjusted_p <= FALSE_ALARMS else Verdict.WITHIN_NOISE
