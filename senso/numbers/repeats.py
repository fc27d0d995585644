"""What repeats of the same cell (question, model and place) say about how steady its answers are."""

from collections.abc import Iterable, Sequence

Pair = tuple[float, float]  # what an answer adds to the numerator and to the denominator
WORTH_OF_UNSTEADY = 5.0  # how much the assumption weighs that repeats differ as all answers do, in repeats


def within_repeats(cells: Iterable[Sequence[Pair]], ratio: float) -> float:
    """Of the variance between all answers, the share that remains between answers of the same cell.

    It is what asking the same questions again would change. 1 without repeats, and moved towards 1 by few.
    """
    single, repeated, within, told = 0.0, 0.0, 0.0, 0.0
    for cell in cells:
        off = [x - ratio * n for x, n in cell]
        squares = sum([one * one for one in off])
        if len(cell) == 1:
            single += squares
            continue
        repeated += squares
        within += (squares - sum(off) ** 2 / len(off)) * len(off) / (len(off) - 1)
        told += len(cell) - 1
    if repeated == 0:
        return 1.0
    share = min(1.0, (WORTH_OF_UNSTEADY + told * within / repeated) / (WORTH_OF_UNSTEADY + told))
    return (single + repeated * share) / (single + repeated)
