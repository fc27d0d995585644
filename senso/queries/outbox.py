"""What must be sent: written by the transaction that makes it due, published after its commit or by the relay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.queries.prepared import Found, Prepared


@dataclass(frozen=True, slots=True)
class Intent:
    id: int
    pipeline: str
    ids: tuple[str, ...]
    batch_id: UUID | None
    not_before: datetime  # changes when the same intent is written again


ADD = Prepared("""
    INSERT INTO outbox (key, pipeline, ids, batch_id, not_before)
    VALUES (:key, :pipeline, CAST(:ids AS jsonb), :batch, now() + make_interval(secs => :seconds))
    ON CONFLICT (key) DO UPDATE SET published_at = NULL, not_before = excluded.not_before
    WHERE outbox.published_at IS NOT NULL OR outbox.not_before > excluded.not_before
    RETURNING id
""")


def add(db: Connection, key: str, pipeline: str, ids: str, *, batch: UUID | None, after_seconds: float) -> list[int]:
    """Written again under the same key it is due again. `ids` is a JSON list."""
    values = {"key": key, "pipeline": pipeline, "ids": ids, "batch": batch, "seconds": after_seconds}
    return ADD.column(db, values)


# Taken out of the way before publishing, so that no relay sends the same meanwhile, and no lock is held.
# What is looked up by its key hides the index of unpublished rows, as in fragments.py.
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
SETTLED = Prepared("UPDATE outbox SET published_at = now() WHERE key = :key AND CAST(published_at AS text) IS NULL")


def take(db: Connection, ids: Sequence[int]) -> list[Intent]:
    return [intent(row) for row in TAKE_THESE.rows(db, {"ids": sorted(ids)})]


def take_due(db: Connection) -> list[Intent]:
    return [intent(row) for row in TAKE.rows(db, {})]


def intent(row: Found) -> Intent:
    return Intent(**row | {"ids": tuple(row["ids"])})


def published(db: Connection, sent: Sequence[Intent]) -> None:
    PUBLISHED.rows(db, {"ids": [one.id for one in sent], "befores": [one.not_before for one in sent]})


def settle(db: Connection, key: str) -> None:
    """What the row was the safety net for has been done."""
    SETTLED.rows(db, {"key": key})


# A published row is a trace for whoever explains a batch; after three days nobody asks.
PRUNE = text("DELETE FROM outbox WHERE published_at < now() - interval '3 days'")


def prune(db: Connection) -> None:
    db.execute(PRUNE)
