"""Orgs that were due an hour ago and were not triggered."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection, text

from senso.db.bulk import as_json
from senso.queries import schedule
from senso.queries.alarm_sources.base import MOST, Event, Looking, Source
from senso.queries.schedule import Candidate
from senso.states import AlarmKind
from senso.weekly import due_date, is_due

LATE = timedelta(hours=1)
# The hour of the beat that was heard of last. Null: its timetable opens no batch, or it does not say.
HOUR = text("SELECT due_hour FROM beats ORDER BY coalesce(ticked_at, started_at) DESC LIMIT 1")
NAMES = text("""
    SELECT o.id, o.name, d.key, d.due FROM jsonb_to_recordset(CAST(:missed AS jsonb)) AS d(org uuid, key text, due date)
    JOIN orgs o ON o.id = d.org
    WHERE NOT EXISTS (SELECT FROM alarms a WHERE a.key = d.key)
    ORDER BY d.due, o.id LIMIT :most
""")


def find(db: Connection, looking: Looking) -> list[Event]:
    hour = db.execute(HOUR).scalar()
    if hour is None:
        return []
    by_then = looking.now - LATE
    late = schedule.candidates(db, (by_then - timedelta(hours=hour)).date())
    missed = [one for one in late if is_due(one.created_at, one.imported_at, by_then, hour)]
    return events(db, missed, by_then, hour)


def events(db: Connection, missed: Iterable[Candidate], by_then: datetime, hour: int) -> list[Event]:
    due = [(str(one.org_id), due_date(one.created_at, by_then, hour).isoformat()) for one in missed]
    given = [{"org": org, "due": day, "key": f"schedule:{org}:{day}"} for org, day in due]
    found = db.execute(NAMES, {"missed": as_json(given), "most": MOST}) if given else ()
    return [
        Event(
            one.key,
            str(one.id),
            f"{one.name} ({one.id}) was due on {one.due} and was not triggered",
            datetime.combine(one.due, time(hour), UTC),
        )
        for one in found
    ]


SOURCE = Source(AlarmKind.SCHEDULE, 300, find)
