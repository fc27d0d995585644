"""SQL fragments that keep a promise and must be the same in every statement.

Rows are locked in one order everywhere, to avoid deadlocks: jobs, runs, evaluations, batches, partners, orgs. A batch's
row is never locked and then updated in one statement: the statement's snapshot may be older than the lock, and two such
statements that follow each other's row versions deadlock (seen on Postgres 18).

SQL that exists only for the query planner is in `senso.db.planner`.
"""

from senso.db.lease import READING, ended
from senso.queries.outbox import Pipeline, intents_of
from senso.states import OPEN_JOBS, EvaluationState, among

FINISH_WHERE_NOTHING_REMAINS = intents_of(
    Pipeline.FINISH,
    *("id", "episode"),
    ids="jsonb_build_array(id)",
    batch="id",
    source="FROM counted WHERE remaining = 0",
)
LOCATION = "concat_ws('/', l.country, l.region, l.city)"

# Condition on evaluations `e`: no open vendor job reads the answer, so a call may.
IN_NO_JOB = f"""(e.job_id IS NULL OR NOT EXISTS (
    SELECT FROM vendor_jobs j WHERE j.id = e.job_id AND {among("j.state", OPEN_JOBS)}))"""

# When a message was sent to read the answer of run `r`: that of the run, if `e` is of its own batch and has none of its
# own. Null: it is not handed out yet.
SENT_AT = "coalesce(e.sent_at, CASE WHEN e.batch_id = r.batch_id THEN r.answered_at END)"

# Rule: saving, counting down and enqueueing the next step are one transaction. `ended` is a CTE with a `batch_id` for
# each evaluation that became terminal in this statement, or each run if its batch counts runs (`counted_runs`). The row
# lock on the batch lets exactly one statement see 0. The chord normally comes first; the outbox row covers its loss.
COUNT_DOWN = f"""
counted AS (
    UPDATE batches b SET remaining = b.remaining - e.evaluations
    FROM (SELECT batch_id, count(*) AS evaluations FROM ended GROUP BY batch_id) e
    WHERE b.id = ANY(ARRAY(SELECT batch_id FROM ended)) AND b.id = e.batch_id
    RETURNING b.id, b.episode, b.remaining
),
due AS ({FINISH_WHERE_NOTHING_REMAINS})
"""


def counted_runs(runs: str) -> str:
    """The `batch_id` of each row of the CTE `runs` in a network batch, which has no readings and counts down runs."""
    return f"""
        SELECT {runs}.batch_id FROM {runs} JOIN batches of ON of.id = ANY(ARRAY(SELECT batch_id FROM {runs}))
            AND of.id = {runs}.batch_id
        WHERE of.kind = 'network'
    """


# When a run fails, its evaluations fail too. `failed` is a CTE with the `id` and `batch_id` of each such run.
FAIL_EVALUATIONS = f"""
unread AS (
    UPDATE evaluations e SET state = '{EvaluationState.FAILED}', error = :error, ended_at = now(), {ended("e")}
    FROM failed WHERE e.run_id = ANY(ARRAY(SELECT id FROM failed)) AND e.run_id = failed.id AND {READING.held("e")}
    RETURNING e.batch_id
),
ended AS (SELECT batch_id FROM unread UNION ALL {counted_runs("failed")}),
{COUNT_DOWN}
"""

# Records the result of a claim's call, also if it came too late to count: it was paid for. `:error`: why it brought
# nothing.
REPORT_CALL = """
reported AS (
    UPDATE llm_calls SET outcome = :outcome, tokens_in = :tokens_in, tokens_cached = :tokens_cached,
        tokens_written = :tokens_written, tokens_out = :tokens_out, tokens_thinking = :tokens_thinking,
        cost_microusd = :cost_microusd, latency_ms = :latency_ms, error = :error,
        shared_id = CAST(:shared_id AS bigint)
    WHERE id = :call_id
)
"""


def answering_model(model: str, run: str) -> str:
    """The model that a number is about: another one than was asked counts as a model of its own."""
    return f"{model}.slug || coalesce(' (answered by ' || {run}.other_model || ')', '')"
