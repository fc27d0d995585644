"""On which days an org has a scheduled batch: once a week, on the weekday of its creation."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

DUE_HOUR = 2  # UTC; the beat schedule may set another
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def due_date(created_at: datetime, now: datetime, hour: int) -> date:
    """The latest day on the weekday of the org's creation; a day begins at `hour` UTC."""
    today = (now.astimezone(UTC) - timedelta(hours=hour)).date()
    weekday = created_at.astimezone(UTC).weekday()
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def is_due(created_at: datetime, imported_at: datetime, now: datetime, hour: int) -> bool:
    """False for a day that began before the org was imported."""
    return datetime.combine(due_date(created_at, now, hour), time(hour), UTC) >= imported_at


def next_due_date(weekdays: Collection[int], now: datetime, hour: int) -> date | None:
    """The next day, on one of these weekdays (0 is Monday), whose hour is still to come; None without weekdays."""
    first = (now.astimezone(UTC) - timedelta(hours=hour)).date() + timedelta(days=1)
    days = (first + timedelta(days=more) for more in range(7))
    return next((day for day in days if day.weekday() in weekdays), None)
