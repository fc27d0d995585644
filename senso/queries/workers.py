"""Heartbeats of workers, and taking back the work of dead ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.lease import IS_ALIVE, READING, RELEASED, RUN, ended, owned_by_dead_worker
from senso.policy import Policy
from senso.queries.fragments import COUNT_DOWN, counted_runs
from senso.queries.models import Reader, by_reader
from senso.queries.stopped import holds_reading, holds_run, may_begin_each

BEAT = text("""
    INSERT INTO workers (id, queues, idle_since, rss_bytes, cpu_seconds)
    VALUES (:id, CAST(:queues AS text[]), now() - make_interval(secs => CAST(:idle AS float)), :rss, :cpu)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), ended_at = NULL, queues = EXCLUDED.queues,
        idle_since = EXCLUDED.idle_since, rss_bytes = EXCLUDED.rss_bytes, cpu_seconds = EXCLUDED.cpu_seconds
""")
LEAVE = text("UPDATE workers SET ended_at = now(), heartbeat_at = now() - interval '1 hour' WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process uses. `rss_bytes`: of memory, now; `cpu_seconds`: since its start."""

    rss_bytes: int | None = None
    cpu_seconds: float | None = None


def beat(
    db: Connection, worker: str, queues: Sequence[str] = (), idle_seconds: float | None = None, use: Use | None = None
) -> None:
    """`queues`: those it consumes. `idle_seconds`: time since it last had work in progress; None while it has some."""
    used = use or Use()
    values = {"rss": used.rss_bytes, "cpu": used.cpu_seconds}
    db.execute(BEAT, values | {"id": worker, "queues": list(queues), "idle": idle_seconds})


def leave(db: Connection, worker: str) -> None:
    """Called at the end of a shutdown, so that what the worker still holds is taken back at once."""
    db.execute(LEAVE, {"id": worker})


TAKE_BACK_RUNS = text(RUN.reaped())
TAKE_BACK_EVALUATIONS = text(READING.reaped())
# The dead owner cannot send the request any more: the usual grace for the vendor's list to show the job starts now.
TAKE_BACK_SNAPSHOTS = text(f"""
    UPDATE vendor_jobs SET failures = failures + 1, {RELEASED}, next_poll_at = now(),
        grace_until = CASE WHEN grace_until IS NOT NULL
            THEN least(grace_until, now() + make_interval(secs => :grace)) END
    WHERE id IN (SELECT id FROM vendor_jobs WHERE {owned_by_dead_worker("state = 'submitting'")})
    RETURNING id
""")
TAKE_BACK_NAMES = text(f"""
    UPDATE name_variations SET failures = failures + 1, {RELEASED}
    WHERE org_id IN (SELECT org_id FROM name_variations WHERE {owned_by_dead_worker()})
    RETURNING org_id
""")
MARK_DEAD = text(f"""
    UPDATE workers SET ended_at = now() WHERE ended_at IS NULL AND NOT {IS_ALIVE}
    RETURNING id
""")
FORGET = text("DELETE FROM workers WHERE ended_at < now() - interval '7 days'")


def take_back(db: Connection, policy: Policy) -> dict[str, int]:
    """Ends the leases of silent owners; returns how many by kind. The next tick sends what is due again."""
    db.execute(FORGET)
    values = {"silent": policy.silent_seconds}
    counts = {
        "workers": len(db.execute(MARK_DEAD, values).all()),
        "snapshots": len(db.execute(TAKE_BACK_SNAPSHOTS, values | {"grace": policy.grace_seconds}).all()),
        "runs": len(db.execute(TAKE_BACK_RUNS, values).all()),
        "evaluations": len(db.execute(TAKE_BACK_EVALUATIONS, values).all()),
        "names": len(db.execute(TAKE_BACK_NAMES, values).all()),
    }
    return {kind: count for kind, count in counts.items() if count}


DIED_LATELY = text("SELECT EXISTS (SELECT FROM workers WHERE ended_at > now() - interval '2 minutes')")


def died_lately(db: Connection) -> bool:
    """Whether a worker ended in the last 2 minutes: no row records messages that it had received but not claimed."""
    return bool(db.execute(DIED_LATELY).scalar_one())


# Runs and evaluations that are due, not stopped, and have no message under way.
DUE_RUNS = text(
    RUN.due("id AS run_id, failures", f"snapshot_id IS NULL AND {may_begin_each(holds_run('question_runs'))}")
)
DUE_EVALUATIONS = text(
    READING.due("run_id, failures", f"job_id IS NULL AND {may_begin_each(holds_reading('evaluations'))}")
)


@dataclass(frozen=True, slots=True)
class Due:
    run_id: UUID
    failures: int


def due(db: Connection, policy: Policy, readers: Sequence[Reader] = ()) -> tuple[list[Due], list[Due]]:
    """Runs to ask (and read), and runs whose answer is to be read."""
    values = {"most": policy.most_failures} | by_reader(readers)
    to_ask, to_read = (rows(db.execute(found, values)) for found in (DUE_RUNS, DUE_EVALUATIONS))
    return [Due(**one) for one in to_ask], [Due(**one) for one in to_read]


# A run that crashes its worker each time must not be retried for ever.
EXHAUSTED_RUNS = text(f"""
    WITH failed AS (
        UPDATE question_runs r SET state = 'failed', {ended("r")},
            error = 'given up after ' || r.failures || ' failures: ' || coalesce(r.error, 'unknown')
        WHERE r.state IN {RUN.open} AND r.snapshot_id IS NULL AND {RUN.exhausted("r")}
        RETURNING r.id, r.batch_id
    ),
    ended AS ({counted_runs("failed")}),
    {COUNT_DOWN}
    SELECT id FROM failed
""")
EXHAUSTED_EVALUATIONS = text(f"""
    WITH ended AS (
        UPDATE evaluations e SET state = 'failed', {ended("e")}, ended_at = now(),
            error = coalesce(e.error, 'given up after ' || :most || ' failures')
        WHERE e.state IN {READING.open} AND (e.run_id = ANY(CAST(:runs AS uuid[])) OR ({READING.exhausted("e")}))
        RETURNING e.batch_id
    ),
    {COUNT_DOWN}
    SELECT coalesce((SELECT count(*) FROM ended), 0)
""")


def give_up(db: Connection, policy: Policy) -> int:
    values = {"most": policy.most_failures}
    runs = [str(run) for run in db.execute(EXHAUSTED_RUNS, values).scalars()]
    return int(db.execute(EXHAUSTED_EVALUATIONS, values | {"runs": runs}).scalar_one())


LIVING = text(f"SELECT count(*) FROM workers WHERE {IS_ALIVE}")


def living(db: Connection, policy: Policy) -> int:
    return int(db.execute(LIVING, {"silent": policy.silent_seconds}).scalar_one())
