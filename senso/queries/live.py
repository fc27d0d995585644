"""Writes live events: finds the batches that stand otherwise than their last event says, and breakers that changed.

One transaction at a time does so: it holds the row of `event_turn`, so that ids rise in the order of commits, and a
process that is killed leaves the row to the next one, with nothing half-told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.bulk import as_json, table
from senso.db.statement import Prepared
from senso.db.typed import typed
from senso.states import BatchState, EventKind, among

KEPT: Final = timedelta(days=1)
# A batch is told of at most four times a second.
REST = "interval '250 milliseconds'"
WHOLE_SECONDS: Final = 10
PRUNED_AT_ONCE: Final = 5_000

TAKE = Prepared(f"""
    SELECT whole_at < now() - interval '{WHOLE_SECONDS} seconds' AS is_whole
    FROM event_turn WHERE id = 1 AND next_at <= now() FOR NO KEY UPDATE SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class Turn:
    """`is_whole`: this look is at all batches that may have changed, not only at those that usually do."""

    is_whole: bool


def take(db: Connection) -> Turn | None:
    """None if no look is due, or if another transaction is at it. Held until the transaction ends."""
    found = TAKE.one(db, {})
    return None if found is None else typed(Turn, found)


WAITING = (BatchState.QUEUED, BatchState.BLOCKED)
# Of the batches in `found`: they and their marks are looked up by key, whatever Postgres knows of the tables.
OTHERWISE = f"""
    SELECT b.id FROM batches b LEFT JOIN LATERAL (SELECT * FROM event_marks WHERE batch_id = b.id OFFSET 0) m ON true
    WHERE b.id = ANY(ARRAY(SELECT id FROM found)) AND (m.batch_id IS NULL OR m.looked_at <= now() - {REST})
        AND (m.state, m.episode, m.planned, m.remaining) IS DISTINCT FROM (b.state, b.episode, b.planned, b.remaining)
    LIMIT :most
"""
RUNNING = f"SELECT id FROM batches WHERE state = '{BatchState.RUNNING}'"
QUEUED_AFTER = "SELECT id FROM batches WHERE queued_at > {}"
# Batches that run, that did when they were last told of, or that were triggered a moment ago. Planned each time: a plan
# that is kept from a time of few batches would read all of them.
CHANGED = text(f"""
    WITH found AS MATERIALIZED (
        {RUNNING} UNION {QUEUED_AFTER.format("now() - interval '1 minute'")}
        UNION SELECT batch_id FROM event_marks WHERE state = '{BatchState.RUNNING}'
    )
    {OTHERWISE}
""")
SINCE = f"""(SELECT greatest(whole_at - interval '5 minutes', now() - interval '{KEPT.days} days')
    FROM event_turn WHERE id = 1)"""
# What CHANGED leaves out: what waited when it was last told of, and what happened while nobody wrote events. A
# transaction of ours takes less than five minutes from its `now()` to its commit.
WHOLE = text(f"""
    WITH found AS MATERIALIZED (
        {QUEUED_AFTER.format(SINCE)} UNION SELECT batch_id FROM event_marks WHERE {among("state", WAITING)}
    )
    {OTHERWISE}
""")
# Counts change also while a batch's own row does not, as when answers arrive that are not read yet.
STALE = Prepared(f"""
    SELECT batch_id FROM event_marks
    WHERE state = '{BatchState.RUNNING}' AND looked_at < now() - make_interval(secs => :seconds)
    ORDER BY looked_at LIMIT :most
""")


def changed(db: Connection, most: int) -> list[UUID]:
    return list(db.execute(CHANGED, {"most": most}).scalars())


def changed_of_all(db: Connection, most: int) -> list[UUID]:
    return list(db.execute(WHOLE, {"most": most}).scalars())


def stale(db: Connection, seconds: float, most: int) -> list[UUID]:
    """Running batches whose counts were not looked at for so long, the longest first."""
    return STALE.column(db, {"seconds": seconds, "most": most})


OWNER = """coalesce((SELECT partner_id FROM orgs WHERE id = b.org_id),
    (SELECT partner_id FROM networks WHERE id = b.network_id))"""
LAST = Prepared(f"""
    SELECT b.id, {OWNER} AS partner_id, m.state, m.episode, m.data
    FROM batches b LEFT JOIN LATERAL (SELECT * FROM event_marks WHERE batch_id = b.id OFFSET 0) m ON true
    WHERE b.id = ANY(CAST(:batches AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class Last:
    """What was last told of a batch; None: nothing yet. `partner_id`: of its org, or of its network."""

    partner_id: UUID
    state: BatchState | None
    episode: int | None
    data: dict[str, Any] | None


def last(db: Connection, batches: Sequence[UUID]) -> dict[UUID, Last]:
    return {one.pop("id"): typed(Last, one) for one in LAST.rows(db, {"batches": list(batches)})}


GIVEN = table("CAST(:given AS jsonb)", "given", {"batch": "uuid", "kind": "text", "partner": "uuid", "data": "jsonb"})
MARK = ("event_id", "state", "episode", "planned", "remaining", "data", "looked_at")
TELL = Prepared(f"""
    WITH given AS MATERIALIZED (SELECT * FROM {GIVEN}),
    told AS (
        INSERT INTO events (batch_id, kind, partner_id, data) SELECT batch, kind, partner, data FROM given
        RETURNING id, batch_id
    )
    INSERT INTO event_marks (batch_id, {", ".join(MARK)})
    SELECT batch, told.id, data->>'state', CAST(data->>'episode' AS int), CAST(data->>'planned' AS int),
        CAST(data->>'remaining' AS int), data, now()
    FROM given JOIN told ON told.batch_id = given.batch
    ON CONFLICT (batch_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in MARK)}
""")
LOOKED = Prepared("UPDATE event_marks SET looked_at = now() WHERE batch_id = ANY(CAST(:batches AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Telling:
    """An event to be written. `data`: what listeners get."""

    batch: UUID
    kind: EventKind
    partner: UUID
    data: dict[str, Any]


def tell(db: Connection, found: Sequence[Telling]) -> None:
    given = [{"batch": one.batch, "kind": one.kind, "partner": one.partner, "data": one.data} for one in found]
    TELL.rows(db, {"given": as_json(given)})


def looked(db: Connection, batches: Sequence[UUID]) -> None:
    """Of these there is nothing new."""
    LOOKED.rows(db, {"batches": list(batches)})


BREAKERS = Prepared(f"""
    WITH told AS (
        UPDATE breaker_events SET told_at = now() WHERE id = ANY(ARRAY(
            SELECT id FROM breaker_events WHERE told_at IS NULL ORDER BY id LIMIT 500))
        RETURNING id, at, provider, model, event, calls, failures, error, open_seconds
    )
    INSERT INTO events (kind, data)
    SELECT '{EventKind.BREAKER}', to_jsonb(told) - 'id' FROM told ORDER BY id RETURNING id
""")


def tell_breakers(db: Connection) -> int:
    """Returns how many changes were new."""
    return len(BREAKERS.column(db, {}))


NEXT = Prepared("UPDATE event_turn SET next_at = clock_timestamp() + make_interval(secs => :seconds) WHERE id = 1")
WHOLE_DONE = Prepared("UPDATE event_turn SET whole_at = now() WHERE id = 1")
# An event of the last state of a batch takes its mark along. The newest event stays, so that a listener from before the
# ones that are gone can be told.
PRUNE = Prepared(f"""
    WITH oldest AS MATERIALIZED (SELECT id, created_at FROM events ORDER BY id LIMIT {PRUNED_AT_ONCE}),
    gone AS (
        DELETE FROM events WHERE id = ANY(ARRAY(
            SELECT id FROM oldest WHERE created_at < now() - interval '{KEPT.days} days'
                AND id < (SELECT max(id) FROM events)))
        RETURNING id, batch_id
    )
    DELETE FROM event_marks m USING gone
    WHERE m.batch_id = gone.batch_id AND m.event_id = gone.id AND NOT {among("m.state", (*WAITING, BatchState.RUNNING))}
""")


def next_after(db: Connection, seconds: float) -> None:
    NEXT.rows(db, {"seconds": seconds})


def whole_done(db: Connection) -> None:
    WHOLE_DONE.rows(db, {})


def prune(db: Connection) -> None:
    """Deletes events that are older than KEPT, a limited number."""
    PRUNE.rows(db, {})
