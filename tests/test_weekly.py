"""The weekly rule at the edges of a day, a week and an import."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from senso.weekly import due_date, is_due, next_due_date

WEDNESDAY = datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 25, 2, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 25, 1, 59, tzinfo=UTC), date(2026, 11, 18)),
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 12, 2, 2, 0, tzinfo=UTC), date(2026, 12, 2)),
    ],
)
def test_the_latest_day_on_the_weekday_of_creation_begins_at_the_hour(now, expected):
    assert due_date(WEDNESDAY, now, 2) == expected


def test_the_weekday_is_that_of_utc():
    late_on_tuesday_in_new_york = datetime(2026, 11, 3, 21, tzinfo=timezone(timedelta(hours=-5)))

    assert due_date(late_on_tuesday_in_new_york, datetime(2026, 11, 25, 3, tzinfo=UTC), 2) == date(2026, 11, 25)


@pytest.mark.parametrize(("minutes", "expected"), [(0, True), (-1, True), (1, False)])
def test_a_day_that_began_before_the_import_is_not_due(minutes, expected):
    imported = datetime(2026, 11, 25, 2, tzinfo=UTC) + timedelta(minutes=minutes)

    assert is_due(WEDNESDAY, imported, datetime(2026, 11, 25, 9, tzinfo=UTC), 2) is expected


@pytest.mark.parametrize(
    ("weekdays", "now", "expected"),
    [
        ({2}, datetime(2026, 11, 25, 1, 59, tzinfo=UTC), date(2026, 11, 25)),
        ({2}, datetime(2026, 11, 25, 2, 0, tzinfo=UTC), date(2026, 12, 2)),
        ({0, 6}, datetime(2026, 11, 28, 12, tzinfo=UTC), date(2026, 11, 29)),
        (set(), datetime(2026, 11, 28, 12, tzinfo=UTC), None),
    ],
)
def test_the_next_day_is_one_whose_hour_is_still_to_come(weekdays, now, expected):
    assert next_due_date(weekdays, now, 2) == expected
