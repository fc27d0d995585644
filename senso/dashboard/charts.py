"""Geometry of charts, which `templates/parts.html` draws as SVG: pure functions.

Positions are percents of the chart's width or height, so that a chart fills its place without being stretched: SVG
takes percents for rectangles, lines, circles and texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any

WHOLE = 100.0
DIGITS = 2
# A bar of a call of a millisecond beside one of minutes is still seen.
NARROWEST = 0.6
GOING_ON = 1.25
# More points than that are drawn as a line alone.
MOST_DOTS = 60
# Room above and below a line, so that its points are not cut off.
ROOM = 8.0
Point = tuple[date, float | None, float | None, float | None]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """A value from 0 to 1 and its interval; None where there is none."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line: where it is, and its interval. `y` grows downwards, as in SVG."""

    x: float
    y: float
    low: float | None
    high: float | None
    point: Point


@dataclass(frozen=True, slots=True)
class Line:
    """`runs`: the dots between two gaps. `ticks`: places and values of the grid."""

    runs: tuple[tuple[Dot, ...], ...]
    ticks: tuple[tuple[float, float], ...]
    first: date | None
    last: date | None

    @property
    def is_dense(self) -> bool:
        return len(self.dots) > MOST_DOTS

    @property
    def dots(self) -> tuple[Dot, ...]:
        return tuple(dot for run in self.runs for dot in run)


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a timeline; `begin`, `took`: seconds. `took` is None while it goes on."""

    x: float
    width: float
    begin: float
    took: float | None
    row: Row


def percent(share: float | None) -> float | None:
    """Within the chart, whatever is given."""
    if share is None or not isfinite(share):
        return None
    return round(min(max(share, 0.0), 1.0) * WHOLE, DIGITS)


def share(value: float | None, low: float | None, high: float | None) -> Share:
    return Share(percent(value), percent(low), percent(high))


def part(done: float, of: float) -> float:
    """Percents; 0 of 0 is nothing done."""
    return percent(done / of if of else 0.0) or 0.0


def line(points: Sequence[Point]) -> Line:
    """By date, with the days between as room. The grid ends at the largest round share that holds all values."""
    if not points:
        return Line((), (), None, None)
    days = [point[0] for point in points]
    first, last = min(days), max(days)
    top = ceiling([one for point in points for one in (point[1], point[3]) if one is not None])
    runs = [tuple(dot(point, first, last, top) for point in run) for run in without_gaps(points)]
    return Line(tuple(runs), ticks(top), first, last)


def without_gaps(points: Sequence[Point]) -> list[list[Point]]:
    """A point without a value ends a line: what is not known is not drawn."""
    runs: list[list[Point]] = [[]]
    for point in sorted(points, key=lambda one: one[0]):
        if point[1] is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def dot(point: Point, first: date, last: date, top: float) -> Dot:
    when, value, low, high = point
    days = (last - first).days
    x = ((when - first).days / days if days else 0.5) * WHOLE
    return Dot(round(x, DIGITS), height(value or 0.0, top), bound(low, top), bound(high, top), point)


def bound(value: float | None, top: float) -> float | None:
    return None if value is None else height(value, top)


def height(value: float, top: float) -> float:
    """0 is at the bottom."""
    inside = min(max(value / top, 0.0), 1.0)
    return round(WHOLE - ROOM - inside * (WHOLE - 2 * ROOM), DIGITS)


def ceiling(values: Sequence[float]) -> float:
    """The round number that ends a grid: 0.1, 0.25, 0.5, 1, or such a one times a power of ten."""
    highest = max((one for one in values if isfinite(one)), default=1.0)
    size = 0.1
    while highest > size * WHOLE:
        size *= 10
    return next((step * size for step in (1, 2.5, 5, 10, 25, 50, 100) if step * size >= highest), 1.0)


def ticks(top: float) -> tuple[tuple[float, float], ...]:
    return tuple((height(value, top), value) for value in (0.0, top / 2, top))


def path(dots: Sequence[Dot]) -> str:
    """For `points` of a polyline in a box of 100 by 100."""
    return " ".join(f"{one.x:g},{one.y:g}" for one in dots)


def band(dots: Sequence[Dot]) -> str:
    """The outline of the intervals, for `points` of a polygon in a box of 100 by 100; empty without intervals."""
    known = [one for one in dots if one.low is not None and one.high is not None]
    there = [f"{one.x:g},{one.high:g}" for one in known]
    back = [f"{one.x:g},{one.low:g}" for one in reversed(known)]
    return " ".join(there + back) if len(known) > 1 else ""


def span_of(rows: Sequence[Row]) -> float:
    """Seconds. Behind the last beginning of what goes on there is room, in which it is seen to go on."""
    last = max([row["begin"] if row.get("end") is None else row["end"] for row in rows], default=0.0)
    goes_on = max([row["begin"] for row in rows if row.get("end") is None], default=0.0)
    return float(max(last, goes_on * GOING_ON))


def bars(rows: Sequence[Row]) -> tuple[Bar, ...]:
    """On one scale, from the start to the last end; what has no end goes on to the end of the scale."""
    span = span_of(rows) or 1.0
    return tuple(bar(row, span) for row in rows)


def bar(row: Row, span: float) -> Bar:
    begin, end = row["begin"], row.get("end")
    width = max(((span if end is None else end) - begin) / span * WHOLE, NARROWEST)
    x = min(max(begin / span * WHOLE, 0.0), WHOLE - NARROWEST)
    took = None if end is None else end - begin
    return Bar(round(x, DIGITS), round(min(width, WHOLE - x), DIGITS), begin, took, row)


def scale(rows: Sequence[Row]) -> tuple[tuple[float, float], ...]:
    """Places in percents and seconds: the quarters of a timeline."""
    span = span_of(rows)
    return tuple((quarter * 25.0, span * quarter / 4) for quarter in range(5)) if span else ()


# A moment, and seconds.
Lasting = tuple[datetime, float]


def lasting(points: Sequence[Lasting]) -> str:
    """Of durations over time, for `points` of a polyline in a box of 100 by 100; the longest is at the top."""
    if not points:
        return ""
    first, last = points[0][0], points[-1][0]
    span = (last - first).total_seconds() or 1.0
    top = max(seconds for _, seconds in points) or 1.0
    places = (((when - first).total_seconds() / span * WHOLE, height(seconds, top)) for when, seconds in points)
    return " ".join(f"{round(x, DIGITS):g},{y:g}" for x, y in places)
