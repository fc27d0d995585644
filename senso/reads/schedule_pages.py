"""When organisations are asked by themselves, page by page; how many on which weekday; and the timetable of beat."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.reads.directory import AFTER_ORG, MATCHES, OF_PARTNER
from senso.reads.schedules import Standing, coming, why_not

ASKS = """(EXISTS (SELECT FROM org_questions q WHERE q.org_id = o.id)
        AND EXISTS (SELECT FROM org_models m WHERE m.org_id = o.id)
        AND EXISTS (SELECT FROM org_locations l WHERE l.org_id = o.id))"""
WEEKDAY = "extract(isodow FROM o.created_at AT TIME ZONE 'UTC')::int - 1"
# The orgs are chosen first, so that related rows are looked up only for them.
PAGE = text(f"""
    WITH chosen AS MATERIALIZED (
        SELECT * FROM orgs o WHERE {MATCHES.format("o")} AND {OF_PARTNER} AND {AFTER_ORG}
            AND (CAST(:weekday AS int) IS NULL OR {WEEKDAY} = :weekday)
            AND (CAST(:stopped AS boolean) IS NULL OR (o.active AND {ASKS}) <> :stopped)
        ORDER BY o.name, o.id LIMIT :most
    )
    SELECT o.id AS org_id, o.active, o.created_at, {ASKS} AS asks, CAST(:has_beat AS boolean) AS has_beat,
        CAST(:hour AS int) AS hour, s.due_date AS last_due_date, s.batch_id AS last_batch_id, o.name, o.partner_id,
        t.name AS partner
    FROM chosen o JOIN partners t ON t.id = o.partner_id LEFT JOIN LATERAL (
        SELECT due_date, batch_id FROM schedule_runs WHERE subject = 'org:' || o.id ORDER BY due_date DESC LIMIT 1
    ) s ON true
    ORDER BY o.name, o.id
""")
BEAT = text("""
    SELECT due_hour AS hour, timetable, coalesce(ticked_at, started_at) AS at FROM beats
    ORDER BY coalesce(ticked_at, started_at) DESC LIMIT 1
""")
# Each table is read once: an organisation after the other would be looked up in three indexes.
COUNTS = text(f"""
    SELECT {WEEKDAY} AS weekday, o.active, (q.org_id IS NOT NULL AND m.org_id IS NOT NULL AND l.org_id IS NOT NULL)
        AS asks, count(*)::int AS orgs
    FROM orgs o LEFT JOIN (SELECT DISTINCT org_id FROM org_questions) q ON q.org_id = o.id
        LEFT JOIN (SELECT DISTINCT org_id FROM org_models) m ON m.org_id = o.id
        LEFT JOIN (SELECT DISTINCT org_id FROM org_locations) l ON l.org_id = o.id
    WHERE {OF_PARTNER} GROUP BY 1, 2, 3
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """`weekday`: 0 is Monday. `stopped`: whether only those for which nothing is due by themselves, or the others."""

    search: str = ""
    partner: UUID | None = None
    weekday: int | None = None
    stopped: bool | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """Of the one that has ticked last. `hour`: UTC; None: it opens no batch. `timetable`: None: not told yet."""

    hour: int | None
    timetable: dict[str, Any] | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Row(Standing):
    name: str
    partner_id: UUID
    partner: str


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`stopped_by`: why nothing is due; then `next` is empty."""

    row: Row
    weekday: int
    stopped_by: str | None
    next: list[datetime]


@dataclass(frozen=True, slots=True)
class Count:
    weekday: int
    active: bool
    asks: bool
    orgs: int


def beat(db: Connection) -> Beat | None:
    return first(Beat, db.execute(BEAT))


def page(
    db: Connection, filters: Filters, known: Beat | None, now: datetime, *, after: UUID | None, most: int
) -> list[Scheduled]:
    """By name. `after`: the last one of the page before."""
    values: dict[str, object] = {"search": filters.search, "partner": filters.partner, "weekday": filters.weekday}
    values |= {"stopped": filters.stopped, "after": after, "most": most}
    values |= {"has_beat": known is not None, "hour": known and known.hour}
    return [scheduled(one, now) for one in each(Row, db.execute(PAGE, values))]


def scheduled(row: Row, now: datetime) -> Scheduled:
    weekday, stopped_by = row.created_at.astimezone(UTC).weekday(), why_not(row)
    times = [] if stopped_by or row.hour is None else coming(weekday, row.hour, now)
    return Scheduled(row, weekday, stopped_by, times)


def counts(db: Connection, partner: UUID | None) -> list[Count]:
    return each(Count, db.execute(COUNTS, {"partner": partner}))
