"""Messages to send: written by the transaction that makes them due, published after its commit or by the relay."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from senso import publishing
from senso.db import Link
from senso.db.keys import PUSH, Key
from senso.db.statement import Found, Prepared

# If publishing right after the commit fails, the relay sends the message after this time.
RELAYED_SECONDS = 5


class Pipeline(StrEnum):
    """The kind of message that is sent for an intent: see `senso.tasks.canvas`."""

    ADMIT = "admit"
    START = "start"
    PREPARE = "prepare"
    ASK = "ask"
    READ = "read"
    SUBMIT = "submit"
    EXTRACT = "extract"
    GATHER = "gather"
    EVALUATE = "evaluate"
    FINISH = "finish"
    SWEEP_FINISH = "sweep finish"
    MEMBERS = "members"
    LEAVE = "leave"
    PUSH = "push"
    CANCEL = "cancel"
    ALARM = "alarm"
    DELIVER = "deliver"


# Idempotency keys of intents: an intent that is written again becomes due again and adds no second row.
KEYS: Mapping[Pipeline, Key] = {
    Pipeline.ADMIT: Key("admit", ("batch", "episode")),
    Pipeline.START: Key("start", ("batch", "episode")),
    Pipeline.PREPARE: Key("prepare", ("batch", "episode")),
    Pipeline.ASK: Key("ask", ("batch", "remaining")),
    Pipeline.READ: Key("read", ("batch", "episode", "number of the first run")),
    Pipeline.SUBMIT: Key("submit", ("first snapshot",)),
    Pipeline.EXTRACT: Key("extract", ("first snapshot", "place of the first run")),
    Pipeline.GATHER: Key("gather", ("batch that asked",)),
    Pipeline.EVALUATE: Key("evaluate", ("batch that asked", "number of the first run", "moment")),
    Pipeline.FINISH: Key("finish", ("batch", "episode")),
    Pipeline.SWEEP_FINISH: Key("sweep", ("batch",)),
    Pipeline.MEMBERS: Key("members", ("batch", "episode")),
    Pipeline.LEAVE: Key("leave", ("batch", "episode")),
    Pipeline.PUSH: PUSH,
    Pipeline.CANCEL: Key("cancel", ("batch", "episode")),
    Pipeline.ALARM: Key("alarm", ("message",)),
    Pipeline.DELIVER: Key("deliver", ("delivery",)),
}


@dataclass(frozen=True, slots=True)
class Intent:
    id: int
    pipeline: str
    ids: tuple[str, ...]
    batch_id: UUID | None
    not_before: datetime  # changes when the same intent is written again


def intents(
    pipeline: str, key: str, *, ids: str, batch: str, source: str = "", seconds: str = str(RELAYED_SECONDS)
) -> str:
    """The end of a statement: writes an intent for each row of `source`, returns their ids. All arguments are SQL."""
    return f"""
    INSERT INTO outbox (key, pipeline, ids, batch_id, not_before)
    SELECT {key}, {pipeline}, {ids}, {batch}, now() + make_interval(secs => {seconds}) {source}
    ON CONFLICT (key) DO UPDATE SET published_at = NULL, not_before = excluded.not_before
    WHERE outbox.published_at IS NOT NULL OR outbox.not_before > excluded.not_before
    RETURNING id
    """


def intents_of(pipeline: Pipeline, *parts: str, ids: str, batch: str, source: str) -> str:
    """`intents` of one pipeline. `parts`: SQL expressions for the parts of its key."""
    return intents(f"'{pipeline}'", KEYS[pipeline].sql(*parts), ids=ids, batch=batch, source=source)


ADD = Prepared(
    intents(
        "CAST(:pipeline AS text)",
        "CAST(:key AS text)",
        ids="CAST(:ids AS jsonb)",
        batch="CAST(:batch AS uuid)",
        seconds="CAST(:seconds AS float)",
    )
)


def enqueue(db: Connection, pipeline: Pipeline, *parts: object, ids: Sequence[object], batch: UUID | None) -> None:
    """Published after the commit or, if that fails, by the relay. `parts`: those of the pipeline's key."""
    publishing.note(db.info, add(db, pipeline, parts, ids, batch, RELAYED_SECONDS))


def enqueue_later(
    db: Connection, pipeline: Pipeline, *parts: object, ids: Sequence[object], batch: UUID | None, seconds: float
) -> None:
    """Published by the relay after `seconds`, unless `done` cancels it before."""
    add(db, pipeline, parts, ids, batch, seconds)


def add(
    db: Connection,
    pipeline: Pipeline,
    parts: Sequence[object],
    ids: Sequence[object],
    batch: UUID | None,
    seconds: float,
) -> list[int]:
    listed = json.dumps(list(map(str, ids)))
    values = {"pipeline": str(pipeline), "key": KEYS[pipeline].of(*parts), "ids": listed}
    return ADD.column(db, values | {"batch": batch, "seconds": seconds})


def enqueue_by(db: Connection, statement: TextClause, values: Mapping[str, Any]) -> int:
    """By a statement that ends in `intents`. Published after the commit; returns how many."""
    written = db.execute(statement, values).scalars().all()
    publishing.note(db.info, written)
    return len(written)


# Postpones rows before they are published, so that no relay sends them meanwhile and no lock is held.
# The CAST hides the index of unpublished rows from a look-up by key, as in planner.py.
TAKE_THESE = Prepared("""
    UPDATE outbox SET not_before = now() + interval '30 seconds'
    WHERE id = ANY(:ids) AND CAST(published_at AS text) IS NULL
    RETURNING id, pipeline, ids, batch_id, not_before
""")
# A subquery with a limit and locks may be executed for each row, and then takes more.
TAKE = Prepared("""
    WITH due AS MATERIALIZED (
        SELECT id FROM outbox WHERE published_at IS NULL AND not_before <= now()
        ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET not_before = now() + interval '30 seconds' FROM due WHERE o.id = due.id
    RETURNING o.id, o.pipeline, o.ids, o.batch_id, o.not_before
""")
# Skips a row that was written again meanwhile: the message sent was for the earlier intent.
PUBLISHED = Prepared("""
    UPDATE outbox o SET published_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:befores AS timestamptz[])) AS sent (id, not_before)
    WHERE o.id = ANY(CAST(:ids AS bigint[])) AND o.id = sent.id AND o.not_before = sent.not_before
""")
DONE = Prepared("UPDATE outbox SET published_at = now() WHERE key = :key AND CAST(published_at AS text) IS NULL")


def take(db: Link, ids: Sequence[int]) -> list[Intent]:
    return [intent(row) for row in TAKE_THESE.rows(db, {"ids": sorted(ids)})]


def take_due(db: Connection) -> list[Intent]:
    return [intent(row) for row in TAKE.rows(db, {})]


def intent(row: Found) -> Intent:
    return Intent(**row | {"ids": tuple(row["ids"])})


def published(db: Link, sent: Sequence[Intent]) -> None:
    PUBLISHED.rows(db, {"ids": [one.id for one in sent], "befores": [one.not_before for one in sent]})


def done(db: Connection, pipeline: Pipeline, *parts: object) -> None:
    """Marks the row as published because its work has been done without it."""
    DONE.rows(db, {"key": KEYS[pipeline].of(*parts)})


# Published rows help to explain what happened to a batch; they are kept for three days.
PRUNE = text("DELETE FROM outbox WHERE published_at < now() - interval '3 days'")


def prune(db: Connection) -> None:
    db.execute(PRUNE)
