"""Which processes are alive, and whether they make progress, for `senso doctor`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.lease import IS_ALIVE
from senso.policy import Policy

ALIVE = text(f"""
    SELECT id, queues, extract(epoch FROM now() - idle_since)::float AS idle_seconds
    FROM workers WHERE {IS_ALIVE} ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class Worker:
    """`idle_seconds`: None while anything is under way."""

    id: str
    queues: list[str]
    idle_seconds: float | None


SILENCE = text("SELECT extract(epoch FROM now() - max(heartbeat_at))::float FROM workers WHERE ended_at IS NULL")


def alive(db: Connection, policy: Policy) -> list[Worker]:
    return [Worker(**one) for one in rows(db.execute(ALIVE, {"silent": policy.silent_seconds}))]


def silent_seconds(db: Connection) -> float | None:
    """Since the last heartbeat of any worker that has not ended; None if there is none."""
    found: float | None = db.execute(SILENCE).scalar()
    return found


BEGIN = text("""
    INSERT INTO beats (id, due_hour, timetable) VALUES (:id, :hour, CAST(:timetable AS jsonb))
    ON CONFLICT (id) DO NOTHING
""")
TICKED = text("UPDATE beats SET ticked_at = now() - make_interval(secs => CAST(:ago AS float)) WHERE id = :id")
FORGET = text("DELETE FROM beats WHERE coalesce(ticked_at, started_at) < now() - interval '7 days'")
BEATS = text("""
    SELECT id, extract(epoch FROM now() - coalesce(ticked_at, started_at))::float AS silent_seconds
    FROM beats ORDER BY 2
""")


@dataclass(frozen=True, slots=True)
class Beat:
    """`silent_seconds`: since its last tick, or since its start if it has not ticked yet."""

    id: str
    silent_seconds: float


@dataclass(frozen=True, slots=True)
class Timetable:
    """`due_hour`: UTC, of due organisations; None: it opens no batch. `entries`: as they are shown."""

    due_hour: int | None
    entries: Sequence[Mapping[str, Any]]


def ticked(db: Connection, beat: str, seconds_ago: float | None, timetable: Timetable) -> None:
    """`seconds_ago`: the time since its last tick; None before the first."""
    said = json.dumps({"entries": list(timetable.entries)})
    db.execute(BEGIN, {"id": beat, "hour": timetable.due_hour, "timetable": said})
    if seconds_ago is not None:
        db.execute(TICKED, {"id": beat, "ago": seconds_ago})


def forget_old_beats(db: Connection) -> None:
    db.execute(FORGET)


def beats(db: Connection) -> list[Beat]:
    """The most recent tick first."""
    return [Beat(**one) for one in rows(db.execute(BEATS))]
