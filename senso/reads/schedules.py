"""When an org is asked by itself: on the weekday of its creation, at the hour of the timetable that beat has loaded."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import first
from senso.weekly import next_due_date

NEXT = 5
ORG = text("""
    SELECT o.id AS org_id, o.active, o.created_at, EXISTS (SELECT FROM org_questions q WHERE q.org_id = o.id)
            AND EXISTS (SELECT FROM org_models m WHERE m.org_id = o.id)
            AND EXISTS (SELECT FROM org_locations l WHERE l.org_id = o.id) AS asks,
        EXISTS (SELECT FROM beats) AS has_beat,
        (SELECT due_hour FROM beats ORDER BY coalesce(ticked_at, started_at) DESC LIMIT 1) AS hour,
        s.due_date AS last_due_date, s.batch_id AS last_batch_id
    FROM orgs o LEFT JOIN LATERAL (
        SELECT due_date, batch_id FROM schedule_runs WHERE subject = 'org:' || o.id ORDER BY due_date DESC LIMIT 1
    ) s ON true
    WHERE o.id = :org
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """`hour`: UTC; None: no beat has run, or its timetable opens no batch."""

    org_id: UUID
    active: bool
    created_at: datetime
    asks: bool
    has_beat: bool
    hour: int | None
    last_due_date: date | None
    last_batch_id: UUID | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`weekday`: 0 is Monday. `stopped_by`: why nothing is due; then `next` is empty."""

    org_id: UUID
    weekday: int
    hour: int | None
    stopped_by: str | None
    next: list[datetime]
    last_due_date: date | None
    last_batch_id: UUID | None


def of_org(db: Connection, org: UUID, now: datetime) -> Schedule | None:
    """None for an unknown org."""
    found = first(Standing, db.execute(ORG, {"org": org}))
    if found is None:
        return None
    weekday, stopped_by = found.created_at.astimezone(UTC).weekday(), why_not(found)
    times = [] if stopped_by or found.hour is None else coming(weekday, found.hour, now)
    return Schedule(org, weekday, found.hour, stopped_by, times, found.last_due_date, found.last_batch_id)


HOUR = text("SELECT due_hour FROM beats ORDER BY coalesce(ticked_at, started_at) DESC LIMIT 1")


def due_hour(db: Connection) -> int | None:
    """UTC; None: no beat has run, or its timetable opens no batch."""
    return db.execute(HOUR).scalar_one_or_none()


def next_time(created_at: datetime, hour: int, now: datetime) -> datetime:
    """Of an org that is due at all."""
    return coming(created_at.astimezone(UTC).weekday(), hour, now)[0]


def why_not(found: Standing) -> str | None:
    if not found.active:
        return "the organisation is not active"
    if not found.asks:
        return "the organisation has no questions, no models or no locations of its own"
    if not found.has_beat:
        return "no beat has run yet"
    return "the timetable has no entry for due organisations" if found.hour is None else None


def coming(weekday: int, hour: int, now: datetime) -> list[datetime]:
    """The next five times."""
    day = next_due_date([weekday], now, hour)
    assert day is not None  # noqa: S101  a weekday was given
    return [datetime.combine(day + timedelta(weeks=more), time(hour), UTC) for more in range(NEXT)]
