"""What must be sent: written by the transaction that makes it due, published after its commit or by the relay."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from senso import publishing
from senso.db.keys import PUSH, Key
from senso.db.statement import Found, Prepared

# Should what is published right after its commit be lost, the relay sends it then.
RELAYED_SECONDS = 5


class Pipeline(StrEnum):
    """What is sent for an intent: see `senso.tasks.canvas`."""

    ADMIT = "admit"
    START = "start"
    PREPARE = "prepare"
    ASK = "ask"
    READ = "read"
    SUBMIT = "submit"
    EXTRACT = "extract"
    FINISH = "finish"
    SWEEP_FINISH = "sweep finish"
    PUSH = "push"
    CANCEL = "cancel"


# What an intent is the same by: written again it is due again, and not there twice.
KEYS: Mapping[Pipeline, Key] = {
    Pipeline.ADMIT: Key("admit", ("batch", "episode")),
    Pipeline.START: Key("start", ("batch", "episode")),
    Pipeline.PREPARE: Key("prepare", ("batch", "episode")),
    Pipeline.ASK: Key("ask", ("batch", "remaining")),
    Pipeline.READ: Key("read", ("batch", "episode", "number of the first run")),
    Pipeline.SUBMIT: Key("submit", ("snapshot",)),
    Pipeline.EXTRACT: Key("extract", ("snapshot", "place of the first run")),
    Pipeline.FINISH: Key("finish", ("batch", "episode")),
    Pipeline.SWEEP_FINISH: Key("sweep", ("batch",)),
    Pipeline.PUSH: PUSH,
    Pipeline.CANCEL: Key("cancel", ("batch", "episode")),
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
    """The end of a statement that writes an intent for each row of `source`, all in SQL; it returns their ids."""
    return f"""
    INSERT INTO outbox (key, pipeline, ids, batch_id, not_before)
    SELECT {key}, {pipeline}, {ids}, {batch}, now() + make_interval(secs => {seconds}) {source}
    ON CONFLICT (key) DO UPDATE SET published_at = NULL, not_before = excluded.not_before
    WHERE outbox.published_at IS NOT NULL OR outbox.not_before > excluded.not_before
    RETURNING id
    """


def intents_of(pipeline: Pipeline, *parts: str, ids: str, batch: str, source: str) -> str:
    """`intents` of one pipeline: `parts` are the expressions for the parts of its key."""
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
    """Published after the commit; should that fail, by the relay. `parts`: those of the pipeline's key."""
    publishing.note(db.info, add(db, pipeline, parts, ids, batch, RELAYED_SECONDS))


def enqueue_later(
    db: Connection, pipeline: Pipeline, *parts: object, ids: Sequence[object], batch: UUID | None, seconds: float
) -> None:
    """Published by the relay once the time has come, unless it was called off until then (`done`)."""
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
    """By a statement that ends in `intents`. Published after the commit; how many there are."""
    written = db.execute(statement, values).scalars().all()
    publishing.note(db.info, written)
    return len(written)


# Taken out of the way before publishing, so that no relay sends the same meanwhile, and no lock is held.
# What is looked up by its key hides the index of unpublished rows, as in planner.py.
TAKE_THESE = Prepared("""
    UPDATE outbox SET not_before = now() + interval '30 seconds'
    WHERE id = ANY(:ids) AND CAST(published_at AS text) IS NULL
    RETURNING id, pipeline, ids, batch_id, not_before
""")
TAKE = Prepared("""
    UPDATE outbox SET not_before = now() + interval '30 seconds'
    WHERE id IN (
        SELECT id FROM outbox WHERE published_at IS NULL AND not_before <= now()
        ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, pipeline, ids, batch_id, not_before
""")
# Not when it was written again meanwhile: what was sent is then the former intent.
PUBLISHED = Prepared("""
    UPDATE outbox o SET published_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:befores AS timestamptz[])) AS sent (id, not_before)
    WHERE o.id = ANY(CAST(:ids AS bigint[])) AND o.id = sent.id AND o.not_before = sent.not_before
""")
DONE = Prepared("UPDATE outbox SET published_at = now() WHERE key = :key AND CAST(published_at AS text) IS NULL")


def take(db: Connection, ids: Sequence[int]) -> list[Intent]:
    return [intent(row) for row in TAKE_THESE.rows(db, {"ids": sorted(ids)})]


def take_due(db: Connection) -> list[Intent]:
    return [intent(row) for row in TAKE.rows(db, {})]


def intent(row: Found) -> Intent:
    return Intent(**row | {"ids": tuple(row["ids"])})


def published(db: Connection, sent: Sequence[Intent]) -> None:
    PUBLISHED.rows(db, {"ids": [one.id for one in sent], "befores": [one.not_before for one in sent]})


def done(db: Connection, pipeline: Pipeline, *parts: object) -> None:
    """What the row was the safety net for has been done."""
    DONE.rows(db, {"key": KEYS[pipeline].of(*parts)})


# A published row is a trace for whoever explains a batch; after three days nobody asks.
PRUNE = text("DELETE FROM outbox WHERE published_at < now() - interval '3 days'")


def prune(db: Connection) -> None:
    db.execute(PRUNE)
