"""Runs of a vendor job that brought no answer: they fail, or go into another job."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from senso.db import Connection
from senso.db.bulk import as_json, given
from senso.db.lease import RUN, ended
from senso.db.planner import looked_up
from senso.matrix import dated_id, day_of
from senso.policy import Policy
from senso.queries.fragments import FAIL_EVALUATIONS
from senso.queries.outbox import Pipeline, enqueue_later
from senso.queries.vendor_jobs import JobWork, close
from senso.states import JobState, Outcome

# A run without an answer fails with the vendor's reason, and its evaluations with it, in one statement.
FAIL_RUN = text(f"""
    WITH failed AS (
        UPDATE question_runs r SET state = 'failed', error = :error, cost_microusd = :cost_microusd, {ended("r")}
        WHERE r.id = :id AND {RUN.held("r")}
        RETURNING r.id, r.batch_id, r.fence - 1 AS fence
    ),
    reported AS (
        UPDATE llm_calls c SET outcome = :outcome, cost_microusd = :cost_microusd, error = :error
        FROM failed WHERE c.run_id = failed.id AND c.fence = failed.fence AND c.purpose = 'ask'
            AND {looked_up("c.outcome")} IS NULL
    ),
    {FAIL_EVALUATIONS}
    SELECT remaining FROM counted
""")


def fail_run(db: Connection, run: UUID, error: str, *, cost_microusd: int | None = 0) -> None:
    values = {"id": run, "error": error, "cost_microusd": cost_microusd, "outcome": Outcome.FAILED}
    db.execute(FAIL_RUN, values)


# A run that came back empty-handed goes into another job of the same model and location, as long as tries are left and
# its batch has time. Its reason stays with its call.
TAKEN_OUT = text(f"""
    WITH {given({"id": "uuid", "error": "text", "cost_microusd": "bigint"})},
    again AS (
        UPDATE question_runs r SET state = 'planned', snapshot_id = NULL, sent_at = NULL, failures = r.failures + 1,
            error = given.error
        FROM given, batches b
        WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = given.id AND {looked_up("r.state")} = 'asking'
            AND r.snapshot_id = :job AND r.failures + 1 < :most AND b.id = r.batch_id AND b.state = 'running'
            AND b.deadline > now()
        RETURNING r.id, r.fence, given.cost_microusd, given.error
    ),
    reported AS (
        UPDATE llm_calls c SET outcome = '{Outcome.FAILED}', cost_microusd = again.cost_microusd, error = again.error
        FROM again WHERE c.run_id = ANY(CAST(:ids AS uuid[])) AND c.run_id = again.id AND c.fence = again.fence
            AND c.purpose = 'ask' AND {looked_up("c.outcome")} IS NULL
    )
    SELECT id FROM again
""")
# Submitted after a while: a vendor in trouble is left alone for a moment.
PLAN_AGAIN = text("""
    WITH made AS (
        INSERT INTO vendor_jobs (id, batch_id, provider, model_id, location_id, deadline, next_poll_at)
        SELECT :id, s.batch_id, s.provider, s.model_id, s.location_id,
            least(b.deadline, now() + make_interval(secs => :most_seconds)),
            now() + make_interval(secs => :seconds + 30)
        FROM vendor_jobs s JOIN batches b ON b.id = s.batch_id WHERE s.id = :job
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    UPDATE question_runs r SET snapshot_id = made.id, sent_at = now() FROM made
    WHERE r.id = ANY(CAST(:runs AS uuid[]))
""")


def ask_again(db: Connection, work: JobWork, failed: Sequence[tuple[UUID, str, int | None]], policy: Policy) -> None:
    """`failed`: runs of the job, which is closed, each with its reason and what it cost. Those without a try left fail.

    In the transaction that closes the job.
    """
    if not failed:
        return
    # JSON hides a NUL from what makes texts storable.
    reasons = [(run, reason.replace("\0", ""), cost) for run, reason, cost in failed]
    given_rows = [{"id": run, "error": reason, "cost_microusd": cost} for run, reason, cost in reasons]
    values = {"given": as_json(given_rows), "ids": [run for run, _, _ in failed], "job": work.id}
    again = set(db.execute(TAKEN_OUT, values | {"most": policy.unusable_tries}).scalars())
    for run, reason, cost in reasons:
        if run not in again:
            fail_run(db, run, reason, cost_microusd=cost)
    if again:
        runs = [str(run) for run, _, _ in failed if run in again]
        next_job = dated_id(day_of(work.id), "snapshot again", work.id, *runs)
        seconds = policy.job_again_seconds
        values = {"id": next_job, "job": work.id, "runs": runs, "seconds": seconds}
        db.execute(PLAN_AGAIN, values | {"most_seconds": policy.batch_seconds})
        enqueue_later(db, Pipeline.SUBMIT, next_job, ids=[next_job], batch=work.batch_id, seconds=seconds)


def fail(db: Connection, work: JobWork, reason: str, *, cost_microusd: int | None = 0, abandoned: bool = False) -> None:
    """Fails the job and all its runs; does nothing if another worker closed it."""
    if close(db, work, JobState.FAILED, reason, abandoned=abandoned):
        for run in work.run_ids:
            fail_run(db, run, reason, cost_microusd=cost_microusd)
