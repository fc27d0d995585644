"""The sweep: finds everything that a crash left unfinished, from the rows alone."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.lease import READING, RELEASED, RUN
from senso.queries.fragments import IN_NO_JOB, SENT_AT
from senso.queries.models import Reader, by_reader
from senso.queries.outbox import KEYS, Pipeline, enqueue_later
from senso.queries.stopped import holds_batch, holds_reading, holds_run, may_begin, may_begin_each

EXPIRED_RUNS = text(RUN.expired())
EXPIRED_EVALUATIONS = text(READING.expired())

# A message that was sent, is in no queue and led to no claim is lost, unless its row is stopped. While queues are long,
# it may still be waiting.
LOST_RUNS = text(f"""
    UPDATE question_runs SET next_at = now(), sent_at = NULL
    WHERE id IN (
        SELECT id FROM question_runs WHERE state = 'planned' AND snapshot_id IS NULL
            AND sent_at < now() - make_interval(secs => :quiet) AND (next_at IS NULL OR next_at <= sent_at)
            AND {may_begin_each(holds_run("question_runs"))}
        LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
LOST_EVALUATIONS = text(f"""
    UPDATE evaluations SET next_at = now(), sent_at = NULL, job_id = NULL, {RELEASED}
    WHERE id IN (
        SELECT e.id FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.state = 'pending' AND r.state = 'answered'
            AND {SENT_AT} < now() - make_interval(secs => :quiet)
            AND (e.next_at IS NULL OR e.next_at <= e.sent_at) AND {IN_NO_JOB} AND {may_begin_each(holds_reading("e"))}
        LIMIT :most FOR UPDATE OF e SKIP LOCKED
    )
    RETURNING id
""")

# Locks the batches; RECOUNT is separate, because one statement for both would count the rows from before the locks.
OPEN = text("""
    SELECT id FROM batches WHERE state = 'running' AND remaining IS NOT NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")
RECOUNT = text(f"""
    UPDATE batches b SET remaining = counted.open
    FROM (
        SELECT e.batch_id, count(*) FILTER (WHERE e.state IN {READING.open}) AS open
        FROM evaluations e WHERE e.batch_id = ANY(:ids) GROUP BY e.batch_id
        UNION ALL
        SELECT r.batch_id, count(*) FILTER (WHERE r.state IN {RUN.open})
        FROM question_runs r JOIN batches of ON of.id = r.batch_id
        WHERE r.batch_id = ANY(:ids) AND of.kind = 'network' GROUP BY r.batch_id
    ) counted
    WHERE b.id = counted.batch_id AND b.remaining <> counted.open
    RETURNING b.id
""")

UNFINISHED = text(f"""
    SELECT id FROM batches WHERE state = 'running' AND (deadline < now() OR (remaining = 0 AND NOT EXISTS (
        SELECT FROM outbox o WHERE o.key = {KEYS[Pipeline.FINISH].sql("batches.id", "batches.episode")}
            AND (o.published_at IS NULL OR o.published_at > now() - interval '30 seconds')
    )))
""")
# Running batches without a claim and without a message under way: opening or handing out crashed.
IDLE = text(f"""
    SELECT b.id, b.episode, b.remaining IS NULL AS unopened
    FROM batches b
    WHERE b.state = 'running' AND b.started_at < now() - make_interval(secs => :idle)
        AND {may_begin(holds_batch("b"))} AND (
        b.remaining IS NULL
        OR EXISTS (SELECT FROM evaluations e JOIN question_runs r ON r.id = e.run_id
            WHERE e.batch_id = b.id AND e.state = 'pending' AND e.sent_at IS NULL AND e.next_at IS NULL
                AND e.job_id IS NULL AND r.state = 'answered' AND r.batch_id <> b.id)
        OR (
            EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND r.state = 'planned' AND r.sent_at IS NULL
                AND r.next_at IS NULL AND {may_begin(holds_run("r"))})
            AND NOT EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND r.snapshot_id IS NULL
                AND r.sent_at IS NOT NULL AND r.state IN ('planned', 'asking'))
        )
    )
    LIMIT 500
""")
# What is missing for an org of a network may be paid for later: as long as its history is read.
STALE_BLOCKED = text("""
    UPDATE batches SET state = 'cancelled', error = 'blocked for want of credits until its day was over'
    WHERE state = 'blocked'
        AND batch_date < CAST(:today AS date) - CASE WHEN kind = 'network_org' THEN CAST(:history AS int) ELSE 0 END
    RETURNING id
""")
COUNT = text("INSERT INTO repairs (kind, count) VALUES (:kind, :count)")


COUNTED = text("""
    SELECT kind, sum(count)::bigint AS total FROM repairs WHERE at > now() - interval '1 day' GROUP BY kind
    ORDER BY kind
""")


def expire_leases(db: Connection) -> dict[str, int]:
    return {
        "expired runs": len(db.execute(EXPIRED_RUNS).all()),
        "expired evaluations": len(db.execute(EXPIRED_EVALUATIONS).all()),
    }


def find_lost(db: Connection, quiet_seconds: float, most: int, readers: Sequence[Reader] = ()) -> dict[str, int]:
    """Up to `most` of each kind."""
    values = {"quiet": quiet_seconds, "most": most} | by_reader(readers)
    return {
        "lost runs": len(db.execute(LOST_RUNS, values).all()),
        "lost evaluations": len(db.execute(LOST_EVALUATIONS, values).all()),
    }


def recount(db: Connection) -> dict[str, int]:
    ids = list(db.execute(OPEN).scalars())
    return {"recounted batches": len(db.execute(RECOUNT, {"ids": ids}).all()) if ids else 0}


def finish_left_over(db: Connection) -> dict[str, int]:
    found = list(db.execute(UNFINISHED).scalars())
    for batch in found:
        enqueue_later(db, Pipeline.SWEEP_FINISH, batch, ids=[batch], batch=batch, seconds=0)
    return {"unfinished batches": len(found)}


def restart_idle(db: Connection, idle_seconds: float) -> dict[str, int]:
    found = db.execute(IDLE, {"idle": idle_seconds}).all()
    for batch in found:
        pipeline = Pipeline.START if batch.unopened else Pipeline.PREPARE
        enqueue_later(db, pipeline, batch.id, batch.episode, ids=[batch.id], batch=batch.id, seconds=0)
    return {"idle batches": len(found)}


def expire_blocked(db: Connection, today: date, history_days: int) -> list[UUID]:
    return list(db.execute(STALE_BLOCKED, {"today": today, "history": history_days}).scalars())


def count_repairs(db: Connection, repairs: dict[str, int]) -> None:
    for kind, count in repairs.items():
        if count:
            db.execute(COUNT, {"kind": kind, "count": count})


def repairs_of_the_day(db: Connection) -> dict[str, int]:
    """By kind, of the last 24 hours."""
    return {one.kind: one.total for one in db.execute(COUNTED)}
