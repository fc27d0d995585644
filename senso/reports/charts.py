"""Charts as SVG inside the page. pygal places the shapes; the page sets their colours, light or dark.

A chart is 400 units wide, so that its letters keep a readable size on a phone. What pygal adds for standalone
documents (styles, scripts, tooltips, today's date) is removed: the page allows no script and is reproducible.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from markupsafe import Markup
from pygal import XY, Config, HorizontalBar
from pygal.etree import etree
from pygal.graph.graph import Graph
from pygal.style import Style

from senso.score import Metric

WIDTH = 400
TREND_HEIGHT = 220
BAR_HEIGHT = 32
AROUND_BARS = 44
LETTERS = 13
LONGEST_LABEL = 20
DAYS_BESIDE_ONE_POINT = 3
MOST_DATES = 4
TICKS = 5
CEILINGS = (0.1, 0.25, 0.5, 1.0)
NOT_FOR_A_PAGE = {"defs", "desc", "title", "tooltip-overlay"}  # names and classes of elements


Corner = tuple[int, float | None]  # a day and a share; None interrupts the line


@dataclass(frozen=True, slots=True)
class Point:
    on: date
    metric: Metric


def trend(title: str, points: Sequence[Point]) -> Markup:
    """A line with its interval as a band and a whisker at each batch, interrupted where the counting rule changed."""
    days = [point.on.toordinal() for point in points]
    beside = DAYS_BESIDE_ONE_POINT if days[0] == days[-1] else 0
    chart = XY(
        _config(TREND_HEIGHT),
        xrange=(days[0] - beside, days[-1] + beside),
        x_labels=_spread(days),
        x_value_formatter=lambda day: f"{date.fromordinal(round(day)).day} {date.fromordinal(round(day)):%b}",
        **_percent_axis(point.metric for point in points),
    )
    counted = [point for point in points if point.metric.value is not None]
    bounded = [point for point in counted if point.metric.low is not None]
    drawings: list[tuple[str, list[Corner], dict[str, Any]]] = [
        *(("band", _band(stretch), {"fill": True, "show_dots": False}) for stretch in _stretches(counted, bounded)),
        ("whiskers", _whiskers(bounded), {"show_dots": False, "allow_interruptions": True}),
        *(("line", _line(stretch), {"dots_size": 4}) for stretch in _stretches(counted, counted)),
    ]
    for _, corners, options in drawings:
        chart.add("", corners, **options)
    names = [name for name, _, _ in drawings]
    return _drawn(chart, title, names)


def rates(title: str, rows: Sequence[tuple[str, Metric]]) -> Markup:
    """One bar per row, with its interval as a whisker."""
    bars = [_bar(metric) for _, metric in rows]
    axis = _percent_axis(metric for _, metric in rows)
    return _bars(title, [name for name, _ in rows], bars, axis)


def counts(title: str, rows: Sequence[tuple[str, int, bool]]) -> Markup:
    """One bar per row; the flag marks the one to compare with."""
    top = max([1, *(count for _, count, _ in rows)])
    ticks = list(range(0, top + 1, _step(top)))
    bars = [{"value": count, "node": {"class": "marked" if marked else "plain"}} for _, count, marked in rows]
    return _bars(title, [name for name, _, _ in rows], bars, _axis(top, ticks, lambda count: f"{count:.0f}"))


def _step(top: int) -> int:
    """The distance between ticks: 1, 2 or 5, or ten or a hundred times that and so on."""
    least = top / TICKS
    size = int(10 ** max(0, math.floor(math.log10(least))))
    return next(size * times for times in (1, 2, 5, 10) if size * times >= least)


def _bars(title: str, labels: Sequence[str], bars: Sequence[dict[str, Any]], axis: dict[str, Any]) -> Markup:
    chart = HorizontalBar(
        _config(AROUND_BARS + BAR_HEIGHT * len(bars)),
        x_labels=[_label(name) for name in reversed(labels)],  # pygal draws upwards
        **axis,
    )
    chart.add("", list(reversed(bars)))
    return _drawn(chart, title, ["bars"])


def _bar(metric: Metric) -> dict[str, Any]:
    interval = {} if metric.low is None else {"ci": {"low": metric.low, "high": metric.high}}
    return {"value": metric.value or 0} | interval


def _line(points: Sequence[Point]) -> list[Corner]:
    return [(point.on.toordinal(), point.metric.value) for point in points]


def _band(points: Sequence[Point]) -> list[Corner]:
    """A path along the low ends and back along the high ones; filled, it is the band."""
    there = [(point.on.toordinal(), point.metric.low) for point in points]
    return there + [(point.on.toordinal(), point.metric.high) for point in reversed(points)]


def _whiskers(points: Iterable[Point]) -> list[Corner]:
    ends = [(point.on.toordinal(), point.metric.low, point.metric.high) for point in points]
    return [end for day, low, high in ends for end in ((day, low), (day, high), (day, None))]


def _stretches(points: Iterable[Point], wanted: Sequence[Point]) -> list[list[Point]]:
    """Groups of consecutive `points` that are wanted and were counted by the same rule."""
    groups = groupby(points, key=lambda point: (point in wanted, point.metric.rule_version))
    return [list(members) for (is_wanted, _), members in groups if is_wanted]


def _percent_axis(metrics: Iterable[Metric]) -> dict[str, Any]:
    most = max((metric.high or metric.value or 0 for metric in metrics), default=0)
    top = next(ceiling for ceiling in CEILINGS if most <= ceiling or ceiling == CEILINGS[-1])
    return _axis(top, [top * tick / TICKS for tick in range(TICKS + 1)], lambda share: f"{share * 100:.0f} %")


def _axis(top: float, ticks: Sequence[float], shown: Callable[[float], str]) -> dict[str, Any]:
    return {"range": (0, top), "y_labels": ticks, "value_formatter": shown}


def _spread(days: Sequence[int]) -> list[int]:
    """At most MOST_DATES dates for the axis, including the first and the last; more would overlap."""
    steps = min(MOST_DATES, len(days)) - 1
    return sorted({days[round(step * (len(days) - 1) / steps)] for step in range(steps + 1)}) if steps else [days[0]]


def _label(name: str) -> str:
    """The name shortened, and without characters that XML cannot hold."""
    shown = "".join(letter for letter in name if letter.isprintable())
    return shown if len(shown) <= LONGEST_LABEL else f"{shown[: LONGEST_LABEL - 1]}…"


def _config(height: int) -> Config:
    return Config(
        width=WIDTH,
        height=height,
        no_prefix=True,
        js=[],
        show_legend=False,
        margin=6,
        margin_right=24,  # half of the last date extends beyond the axis
        spacing=6,
        truncate_label=LONGEST_LABEL,
        style=Style(label_font_size=LETTERS, major_label_font_size=LETTERS, font_family="sans-serif"),
    )


def _drawn(chart: Graph, title: str, names: Sequence[str]) -> Markup:
    root = chart.render_tree()
    _strip(root)
    root.set("role", "img")
    root.set("aria-label", title)
    del root.attrib["id"]
    for group in root.iter("g"):
        words = group.get("class", "").split()
        if words[:1] == ["series"]:
            group.set("class", names[int(words[1].removeprefix("serie-"))])
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704  etree escapes the texts of the tree


def _strip(node: Any) -> None:
    for child in list(node):
        if isinstance(child.tag, str) and NOT_FOR_A_PAGE.isdisjoint({child.tag, *child.get("class", "").split()}):
            _strip(child)
        else:
            node.remove(child)
