"""The map of models and places: how often each model names the organisation at each place."""

from collections.abc import Sequence
from dataclasses import dataclass

from senso.reads.cells import Cell

STEPS = 5
# With fewer answers a cell says nothing by itself.
FEW = 5
MOST_CELLS, LEAST_PLACES = 80, 5


@dataclass(frozen=True, slots=True)
class Row:
    """`cells`: one for each model of the map; None: nothing was read there."""

    location: str
    cells: Sequence[Cell | None]


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """`more`: places that are left out, those with the fewest answers."""

    models: Sequence[str]
    rows: Sequence[Row]
    more: int


def place_map(cells: Sequence[Cell]) -> PlaceMap | None:
    """None where there is one cell at most: a map of that says nothing."""
    if len(cells) <= 1:
        return None
    models = sorted({one.model for one in cells})
    by_place: dict[str, dict[str, Cell]] = {}
    for one in cells:
        by_place.setdefault(one.location, {})[one.model] = one
    most_read = sorted(by_place, key=lambda place: -sum(one.answers for one in by_place[place].values()))
    shown = sorted(most_read[: max(LEAST_PLACES, MOST_CELLS // len(models))])
    rows = [Row(place, [by_place[place].get(model) for model in models]) for place in shown]
    return PlaceMap(models, rows, len(by_place) - len(shown))


def step(cell: Cell) -> int:
    """From 0 to 4: how dark the cell is."""
    return min(STEPS - 1, int(cell.share * STEPS))
