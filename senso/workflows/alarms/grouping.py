"""When a message is due: one at once, then one for all that came within a window that grows, then that it is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from senso.queries.alarms import Gathered, Period
from senso.states import MessagePart

FIRST_WINDOW_SECONDS: Final = 600
LONGEST_WINDOW_SECONDS: Final = 3600


def due(period: Period, gathered: Gathered, lasts: Callable[[], bool] | None) -> tuple[MessagePart | None, Period]:
    """The message that is due now, if any, and the period after it. `lasts`: as in `Source`."""
    if period.since is None:
        return (MessagePart.FIRST, begun(period, gathered)) if gathered.count else (None, period)
    if period.due_at is None or period.due_at > period.now:
        return None, period
    if gathered.count:
        return MessagePart.MORE, with_more(period, gathered)
    if lasts is not None and lasts():
        return None, waiting(period, period.window_seconds)
    # Of a single message about what has no end of its own, nobody waits for a second.
    is_told = lasts is not None or period.messages > 1
    return MessagePart.OVER if is_told else None, ended(period)


def begun(period: Period, gathered: Gathered) -> Period:
    told = replace(period, since=gathered.since or period.now, messages=1, count=gathered.count)
    return waiting(told, FIRST_WINDOW_SECONDS)


def with_more(period: Period, gathered: Gathered) -> Period:
    told = replace(period, messages=period.messages + 1, count=period.count + gathered.count)
    return waiting(told, min(LONGEST_WINDOW_SECONDS, 2 * period.window_seconds))


def waiting(period: Period, window_seconds: int) -> Period:
    return replace(period, window_seconds=window_seconds, due_at=period.now + timedelta(seconds=window_seconds))


def ended(period: Period) -> Period:
    return replace(period, since=None, due_at=None, window_seconds=0, messages=0, count=0)
