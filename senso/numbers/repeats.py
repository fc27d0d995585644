"""What repeats of the same cell (question, model and place) say about how steady its answers are."""

from collections.abc import Iterable, Sequence

Pair = tuple[float, float]  # what an answer adds to the numerator and to the denominator
WORTH_OF_UNSTEADY = 5.0  # how much the assumption weighs that repeats differ as all answers do, in repeats


def within_repeats(cells: Iterable[Sequence[Pair]], ratio: float) -> float:
    """Of the variance between all answers, the share that remains between answers of the same cell.

    It is what asking the same questions again would change. 1 without repeats, and moved towards 1 by few.
    """
    known: dict[tuple[Pair, ...], tuple[float, float]] = {}  # many cells have the same answers
    single, repeated, within, told = 0.0, 0.0, 0.0, 0.0
    for cell in map(tuple, cells):
        if cell not in known:
            known[cell] = _squares(cell, ratio)
        squares, of_cell = known[cell]
        more = len(cell) - 1
        if more:
            repeated += squares
            within += of_cell
            told += more
        else:
            single += squares
    if repeated == 0:
        return 1.0
    share = min(1.0, (WORTH_OF_UNSTEADY + told * within / repeated) / (WORTH_OF_UNSTEADY + told))
    return (single + repeated * share) / (single + repeated)


def _squares(cell: Sequence[Pair], ratio: float) -> tuple[float, float]:
    """How far the answers of a cell are from what all answers say, and from what the cell says: sums of squares."""
    total, squares, answers = 0.0, 0.0, len(cell)
    for x, n in cell:
        off = x - ratio * n
        total += off
        squares += off * off
    return squares, (squares - total**2 / answers) * answers / (answers - 1) if answers > 1 else 0.0
