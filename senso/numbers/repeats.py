"""What repeats of the same cell (question, model and place) say about how steady its answers are."""

from collections.abc import Iterable, Sequence

from senso.numbers.sums import Place

WORTH_OF_UNSTEADY = 5.0  # how much the assumption weighs that repeats differ as all answers do, in repeats


def within_repeats(cells: Iterable[Sequence[Sequence[float]]], ratio: float, place: Place = (0, 1)) -> float:
    """Of the variance between all answers, the share that remains between answers of the same cell.

    It is what asking the same questions again would change. 1 without repeats, and moved towards 1 by few.

    `cells`: rows of the answers to each; `place`: where they have what an answer adds to the number.
    """
    above, below = place
    single, repeated, within, told = 0.0, 0.0, 0.0, 0
    for cell in cells:
        total, squares, more = 0.0, 0.0, len(cell) - 1
        for row in cell:
            off = row[above] - ratio * row[below]
            total += off
            squares += off * off
        if more:
            repeated += squares
            within += (squares - total**2 / len(cell)) * len(cell) / more
            told += more
        else:
            single += squares
    if repeated == 0:
        return 1.0
    share = min(1.0, (WORTH_OF_UNSTEADY + told * within / repeated) / (WORTH_OF_UNSTEADY + told))
    return (single + repeated * share) / (single + repeated)
