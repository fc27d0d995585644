"""What the schedule runs next, when, and what it may cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from senso.db import Connection
from senso.queries import estimates, schedule
from senso.queries.estimates import Past, Share
from senso.weekly import is_due, next_due_date
from senso.workflows.estimating import estimate_calls


@dataclass(frozen=True, slots=True)
class Load:
    """The work of one day. `cost_microusd`: of calls whose price is known; `unknown`: how many other calls."""

    orgs: int
    runs: int
    cost_microusd: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Week:
    """`hour` (UTC): of the schedule file; None: it opens no batch. `due`: opened as soon as beat starts."""

    orgs: int
    hour: int | None
    due: Load | None = None
    next_at: datetime | None = None
    next: Load | None = None


def estimate_week(db: Connection, now: datetime, at: int | None) -> Week:
    """`at`: the hour (UTC) of the schedule file; None if it opens no batch."""
    by_weekday = schedule.by_weekday(db)
    if at is None or not by_weekday:
        return Week(sum(by_weekday.values()), at)
    past = estimates.history_of_all(db)
    day = next_due_date(by_weekday, now, at)
    assert day is not None  # noqa: S101  by_weekday is not empty
    later = load(db, by_weekday[day.weekday()], schedule.shares(db, weekday=day.weekday()), past)
    return Week(sum(by_weekday.values()), at, due_now(db, now, at, past), moment(day, at), later)


def moment(day: date, at: int) -> datetime:
    return datetime.combine(day, time(at), UTC)


def due_now(db: Connection, now: datetime, at: int, past: Sequence[Past]) -> Load | None:
    """What the first tick of beat opens: orgs due today, and missed days."""
    candidates = schedule.candidates(db, (now - timedelta(hours=at)).date())
    due = [one.org_id for one in candidates if is_due(one.created_at, one.imported_at, now, at)]
    return load(db, len(due), schedule.shares(db, only=due), past) if due else None


def load(db: Connection, orgs: int, shares: Sequence[Share], past: Sequence[Past]) -> Load:
    found = estimate_calls(db, shares, past, needs_names=False)
    known = sum(one.cost_microusd for one in found if one.cost_microusd is not None)
    unknown = sum(one.calls for one in found if one.cost_microusd is None)
    return Load(orgs, sum(share.asks for share in shares), known, unknown)
