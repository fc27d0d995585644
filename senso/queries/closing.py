"""What a batch does when it ends: closes what is open, and counts what is done."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.lease import RELEASED, ended
from senso.db.statement import Prepared
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue
from senso.states import OPEN_EVALUATIONS, OPEN_JOBS, OPEN_RUNS, BatchState, EvaluationState, JobState, RunState, among

# The final state of runs and evaluations that are open when their batch ends: their enums have the same names.
Closed = Literal[BatchState.FAILED, BatchState.CANCELLED]
# Closes what is still open when a batch ends. Fences rise, so that late results change nothing.
CLOSE_RUNS = text(f"""
    UPDATE question_runs r SET state = :state, error = :reason, {ended("r")}
    WHERE batch_id = :batch AND {among("state", OPEN_RUNS)}
""")
CLOSE_EVALUATIONS = text(f"""
    UPDATE evaluations e SET state = :state, error = :reason, ended_at = now(), {ended("e")}
    WHERE batch_id = :batch AND {among("state", OPEN_EVALUATIONS)}
""")
CLOSE_SNAPSHOTS = text(f"""
    UPDATE vendor_jobs SET state = '{JobState.CANCELLED}', error = :reason, fence = fence + 1, ended_at = now(),
        {RELEASED}, cancel_due_at = CASE WHEN coalesce(external_id, request_hash) IS NOT NULL THEN now() END
    WHERE batch_id = :batch AND {among("state", OPEN_JOBS)}
    RETURNING cancel_due_at
""")


def close_open_work(db: Connection, batch: UUID, state: Closed, reason: str) -> bool:
    """Whether vendor jobs are left to be cancelled at the vendor. Called before the batch's row is locked."""
    values = {"batch": batch, "state": state, "reason": reason}
    left = any(db.execute(CLOSE_SNAPSHOTS, values).scalars().all())
    db.execute(CLOSE_RUNS, values)
    db.execute(CLOSE_EVALUATIONS, values)
    return left


def enqueue_job_cancellation(db: Connection, batch: Batch) -> None:
    """Has the batch's remaining vendor jobs cancelled."""
    enqueue(db, Pipeline.CANCEL, batch.id, batch.episode, ids=[batch.id], batch=batch.id)


COUNTS = Prepared(f"""
    SELECT count(*) AS planned,
        count(*) FILTER (
            WHERE (SELECT state FROM question_runs WHERE id = e.run_id) = '{RunState.ANSWERED}') AS answered,
        count(*) FILTER (WHERE e.state = '{EvaluationState.DONE}') AS evaluated,
        count(*) FILTER (WHERE e.state = '{EvaluationState.FAILED}') AS failed,
        count(*) FILTER (WHERE e.state = '{EvaluationState.CANCELLED}') AS cancelled
    FROM evaluations e WHERE e.batch_id = :batch AND e.is_current
""")


# For a network batch, which needs only answers.
COUNTS_OF_RUNS = Prepared(f"""
    SELECT count(*) AS planned, count(*) FILTER (WHERE state = '{RunState.ANSWERED}') AS answered,
        count(*) FILTER (WHERE state = '{RunState.ANSWERED}') AS evaluated,
        count(*) FILTER (WHERE state = '{RunState.FAILED}') AS failed,
        count(*) FILTER (WHERE state = '{RunState.CANCELLED}') AS cancelled
    FROM question_runs WHERE batch_id = :batch
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Evaluations of a batch; `answered` are those whose run has an answer.

    For a network batch, which has no readings, they are its runs, and `evaluated` its answers.
    """

    planned: int
    answered: int
    evaluated: int
    failed: int
    cancelled: int


def counts(db: Connection, batch: Batch) -> Counts:
    (found,) = (COUNTS if batch.org_id else COUNTS_OF_RUNS).rows(db, {"batch": batch.id})
    return Counts(**found)


UNSENT = text("""
    SELECT EXISTS (
        SELECT FROM question_runs WHERE batch_id = :batch AND state = 'planned' AND sent_at IS NULL AND next_at IS NULL
            AND snapshot_id IS NULL
    )
""")


def any_unsent(db: Connection, batch: UUID) -> bool:
    return bool(db.execute(UNSENT, {"batch": batch}).scalar_one())
