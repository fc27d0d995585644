"""Who is alive, and taking back the work of who is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.queries.fragments import COUNT_DOWN
from senso.queries.leases import GRACE_SECONDS, MAX_FAILURES, SILENT

BEAT = text("""
    INSERT INTO workers (id, queues, idle_since)
    VALUES (:id, CAST(:queues AS text[]), now() - make_interval(secs => CAST(:idle AS float)))
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), ended_at = NULL, queues = EXCLUDED.queues,
        idle_since = EXCLUDED.idle_since
""")
LEAVE = text("UPDATE workers SET ended_at = now(), heartbeat_at = now() - interval '1 hour' WHERE id = :id")


def beat(db: Connection, worker: str, queues: Sequence[str] = (), idle_seconds: float | None = None) -> None:
    """`queues`: those it takes messages from. `idle_seconds`: since anything was under way; None while something is."""
    db.execute(BEAT, {"id": worker, "queues": list(queues), "idle": idle_seconds})


def leave(db: Connection, worker: str) -> None:
    """Said at the end of a shutdown: what it still holds is taken back at once."""
    db.execute(LEAVE, {"id": worker})


ALIVE = f"EXISTS (SELECT FROM workers w WHERE w.id = lease_owner AND w.heartbeat_at > now() - interval '{SILENT}')"

# A run that takes its worker down takes down whatever was in flight beside it. Who was taken back before comes again at
# a moment of its own, or all of them would die together until they are given up together.
APART = "next_at = now() + failures * (1 + 9 * random()) * interval '1 second'"
# The fence stays: an owner that was only slow may still save, until somebody else claims the row. A process that was
# frozen may have frozen in a transaction: what it has locked is taken back once Postgres has ended that.
TAKE_BACK_RUNS = text(f"""
    UPDATE question_runs SET state = 'planned', failures = failures + 1, lease_owner = NULL, lease_until = NULL,
        {APART}, sent_at = NULL, error = 'the worker that asked ended before it reported back'
    WHERE id IN (SELECT id FROM question_runs
        WHERE lease_owner IS NOT NULL AND state = 'asking' AND NOT {ALIVE} FOR UPDATE SKIP LOCKED)
    RETURNING id
""")
TAKE_BACK_EVALUATIONS = text(f"""
    UPDATE evaluations SET state = 'pending', failures = failures + CASE WHEN state = 'extracting' THEN 1 ELSE 0 END,
        lease_owner = NULL, lease_until = NULL, {APART}, sent_at = NULL
    WHERE id IN (SELECT id FROM evaluations
        WHERE lease_owner IS NOT NULL AND state IN ('pending', 'extracting') AND NOT {ALIVE} FOR UPDATE SKIP LOCKED)
    RETURNING run_id
""")
# Whoever was to send its request is dead and sends nothing any more: the vendor's list has as long to show it as ever.
TAKE_BACK_SNAPSHOTS = text(f"""
    UPDATE snapshots SET failures = failures + 1, lease_owner = NULL, lease_until = NULL, next_poll_at = now(),
        grace_until = CASE WHEN grace_until IS NOT NULL
            THEN least(grace_until, now() + make_interval(secs => {GRACE_SECONDS})) END
    WHERE id IN (SELECT id FROM snapshots
        WHERE lease_owner IS NOT NULL AND state = 'submitting' AND NOT {ALIVE} FOR UPDATE SKIP LOCKED)
    RETURNING id
""")
TAKE_BACK_NAMES = text(f"""
    UPDATE name_variations SET failures = failures + 1, lease_owner = NULL, lease_until = NULL
    WHERE org_id IN (SELECT org_id FROM name_variations
        WHERE lease_owner IS NOT NULL AND NOT {ALIVE} FOR UPDATE SKIP LOCKED)
    RETURNING org_id
""")
MARK_DEAD = text(f"""
    UPDATE workers SET ended_at = now() WHERE ended_at IS NULL AND heartbeat_at < now() - interval '{SILENT}'
    RETURNING id
""")
FORGET = text("DELETE FROM workers WHERE ended_at < now() - interval '7 days'")


def take_back(db: Connection) -> dict[str, int]:
    """Ends the leases of owners that are silent; returns how many by kind. What is due again goes out with the tick."""
    db.execute(FORGET)
    counts = {
        "workers": len(db.execute(MARK_DEAD).all()),
        "snapshots": len(db.execute(TAKE_BACK_SNAPSHOTS).all()),
        "runs": len(db.execute(TAKE_BACK_RUNS).all()),
        "evaluations": len(db.execute(TAKE_BACK_EVALUATIONS).all()),
        "names": len(db.execute(TAKE_BACK_NAMES).all()),
    }
    return {kind: count for kind, count in counts.items() if count}


DIED_LATELY = text("SELECT EXISTS (SELECT FROM workers WHERE ended_at > now() - interval '2 minutes')")


def died_lately(db: Connection) -> bool:
    """What a process had taken out of its queue and not yet claimed stands in no row, and is looked for longer."""
    return bool(db.execute(DIED_LATELY).scalar_one())


# Runs and evaluations whose time has come and that no message is under way for.
DUE_RUNS = text("""
    UPDATE question_runs SET sent_at = now()
    WHERE id IN (
        SELECT id FROM question_runs
        WHERE state = 'planned' AND next_at <= now() AND (sent_at IS NULL OR sent_at < next_at) AND failures < :most
            AND snapshot_id IS NULL
        ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED
    )
    RETURNING id AS run_id, failures
""")
DUE_EVALUATIONS = text("""
    UPDATE evaluations SET sent_at = now()
    WHERE id IN (
        SELECT id FROM evaluations
        WHERE state = 'pending' AND next_at <= now() AND (sent_at IS NULL OR sent_at < next_at) AND failures < :most
        ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED
    )
    RETURNING run_id, failures
""")


@dataclass(frozen=True, slots=True)
class Due:
    run_id: UUID
    failures: int


def due(db: Connection) -> tuple[list[Due], list[Due]]:
    """Runs to ask (and read), and runs whose answer is to be read."""
    to_ask, to_read = (rows(db.execute(found, {"most": MAX_FAILURES})) for found in (DUE_RUNS, DUE_EVALUATIONS))
    return [Due(**one) for one in to_ask], [Due(**one) for one in to_read]


# A run that took its worker down each time must not do so for ever.
EXHAUSTED_RUNS = text("""
    UPDATE question_runs r SET state = 'failed', fence = r.fence + 1, lease_owner = NULL, lease_until = NULL,
        next_at = NULL, error = 'given up after ' || r.failures || ' failures: ' || coalesce(r.error, 'unknown')
    WHERE r.state IN ('planned', 'asking') AND r.failures >= :most AND r.snapshot_id IS NULL
        AND (r.lease_until IS NULL OR r.lease_until < now())
    RETURNING r.id
""")
EXHAUSTED_EVALUATIONS = text(f"""
    WITH ended AS (
        UPDATE evaluations e SET state = 'failed', fence = e.fence + 1, lease_owner = NULL, lease_until = NULL,
            next_at = NULL, ended_at = now(), error = coalesce(e.error, 'given up after ' || :most || ' failures')
        WHERE e.state IN ('pending', 'extracting') AND (
            e.run_id = ANY(CAST(:runs AS uuid[]))
            OR (e.failures >= :most AND (e.lease_until IS NULL OR e.lease_until < now()))
        )
        RETURNING e.batch_id
    ),
    {COUNT_DOWN}
    SELECT coalesce((SELECT count(*) FROM ended), 0)
""")


def give_up(db: Connection) -> int:
    values = {"most": MAX_FAILURES}
    runs = [str(run) for run in db.execute(EXHAUSTED_RUNS, values).scalars()]
    return int(db.execute(EXHAUSTED_EVALUATIONS, values | {"runs": runs}).scalar_one())


LIVING = text(f"SELECT count(*) FROM workers WHERE heartbeat_at > now() - interval '{SILENT}'")


def living(db: Connection) -> int:
    return int(db.execute(LIVING).scalar_one())
