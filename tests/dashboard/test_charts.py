"""Where the marks of charts are, in percents of the chart."""

from datetime import date, timedelta

import pytest

from senso.dashboard import charts

MONDAY = date(2026, 11, 2)


def points(*values: float | None) -> list[charts.Point]:
    return [(MONDAY + timedelta(days=7 * place), value, None, None) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("given", "drawn"), [(0.25, 25.0), (-1.0, 0.0), (7.0, 100.0), (float("nan"), None), (None, None)]
)
def test_a_share_stays_within_its_chart(given, drawn):
    assert charts.share(given, None, given).value == drawn


def test_nothing_of_nothing_is_an_empty_bar():
    assert (charts.part(0, 0), charts.part(1, 4)) == (0.0, 25.0)


def test_points_stand_by_their_date():
    week, later = MONDAY + timedelta(days=7), MONDAY + timedelta(days=28)
    line = charts.line([(MONDAY, 0.1, None, None), (week, 0.2, None, None), (later, 0.3, None, None)])

    assert [dot.x for dot in line.dots] == [0.0, 25.0, 100.0]
    assert line.dots[0].y > line.dots[1].y > line.dots[2].y


def test_a_value_that_is_not_known_ends_the_line():
    line = charts.line(points(0.1, 0.2, None, 0.3))

    assert [len(run) for run in line.runs] == [2, 1]


def test_no_point_and_one_point_are_drawn():
    assert charts.line([]).dots == ()
    assert charts.line(points(None)).dots == ()
    assert [dot.x for dot in charts.line(points(0.5)).dots] == [50.0]


@pytest.mark.parametrize(("highest", "top"), [(0.03, 0.1), (0.2, 0.25), (0.26, 0.5), (1.0, 1.0), (37.0, 50.0)])
def test_the_grid_ends_at_a_round_number(highest, top):
    assert charts.ceiling([highest]) == pytest.approx(top)


def test_intervals_are_an_outline():
    first, second = (MONDAY, 0.5, 0.4, 0.6), (MONDAY + timedelta(days=7), 0.6, 0.5, 0.7)

    outline = charts.band(charts.line([first, second]).dots)

    assert [one.split(",")[0] for one in outline.split()] == ["0", "100", "100", "0"]
    assert charts.band(charts.line([first]).dots) == ""


def test_bars_share_one_scale_and_none_is_too_narrow_to_see():
    rows = [
        {"name": "wait", "kind": "wait", "begin": 0, "end": 50},
        {"name": "call", "kind": "call", "begin": 50, "end": 50.001},
        {"name": "call", "kind": "call", "begin": 75, "end": None},
        {"name": "end", "kind": "done", "begin": 100, "end": 100},
    ]

    bars = charts.bars(rows)

    assert [(one.x, one.width) for one in bars] == [(0.0, 50.0), (50.0, 0.6), (75.0, 25.0), (99.4, 0.6)]
    assert [one.took for one in bars] == [50, pytest.approx(0.001), None, 0]


def test_what_goes_on_has_room_to_be_seen():
    ended, open_one = {"name": "", "kind": "wait", "begin": 0, "end": 8}, {"name": "", "kind": "call", "begin": 8}

    assert [one.width for one in charts.bars([ended, open_one])] == [80.0, 20.0]


def test_the_scale_is_in_quarters():
    assert charts.scale([{"name": "", "kind": "wait", "begin": 0, "end": 8}])[1] == (25.0, 2.0)
    assert charts.scale([]) == ()
