"""How numbers are written for people."""

from datetime import UTC, datetime, timedelta

import pytest

from senso.dashboard import formats

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0004, "1 ms"),
        (0.32, "320 ms"),
        (2.5, "2.5 s"),
        (185, "3 min 5 s"),
        (7200, "2 h"),
        (273_600, "3 d 4 h"),
        (None, "–"),
    ],
)
def test_durations_are_in_their_two_largest_units(seconds, said):
    assert formats.duration(seconds) == said


@pytest.mark.parametrize(("away", "said"), [(-180, "3 min ago"), (0, "0 s ago"), (7200, "in 2 h")])
def test_moments_are_said_from_now(away, said):
    assert formats.ago(NOON + timedelta(seconds=away), NOON) == said


@pytest.mark.parametrize(("microusd", "said"), [(4200, "$0.0042"), (1_234_567_890, "$1,234.57"), (None, "unknown")])
def test_money_below_a_dollar_is_as_fine_as_a_call_costs(microusd, said):
    assert formats.money(microusd) == said


def test_long_texts_are_cut_on_one_line():
    assert formats.shortened("a\n b  c", 10) == "a b c"
    assert formats.shortened("a" * 20, 10) == "a" * 9 + "…"
