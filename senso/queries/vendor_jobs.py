"""Stage 2 for models that answer later: a vendor job collects the answers to several runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.bulk import SAVE_CITED, as_json, given, listed
from senso.db.lease import RELEASED, RUN, ended
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.extraction.citations import Citation
from senso.matrix import dated_id, day_of
from senso.policy import Policy
from senso.prices import Price, price_of
from senso.providers import Answer, Run
from senso.queries.fragments import COUNT_DOWN, FAIL_EVALUATIONS, counted_runs
from senso.queries.outbox import Pipeline, enqueue, enqueue_by, enqueue_later, intents_of
from senso.queries.runs import answered
from senso.states import EvaluationState, JobState, Outcome


@dataclass(frozen=True, slots=True)
class JobWork:
    id: UUID
    batch_id: UUID
    provider: str
    model: str
    price: Price | None
    fence: int
    failures: int
    external_id: str | None
    maybe_sent_at: datetime | None
    request_hash: str | None
    grace_over: bool
    late_seconds: float  # after its deadline; negative before it
    age_seconds: float
    run_ids: tuple[UUID, ...]
    runs: tuple[Run, ...]

    @property
    def overdue(self) -> bool:
        return self.late_seconds > 0

    @property
    def in_doubt(self) -> bool:
        return self.maybe_sent_at is not None and self.external_id is None

    def asked(self, number: int) -> tuple[UUID, Run]:
        """The run of that number, with its id."""
        return next(pair for pair in zip(self.run_ids, self.runs, strict=True) if pair[1].number == number)


GROUPS = text("""
    SELECT r.model_id, r.location_id, m.provider, array_agg(r.id ORDER BY r.number) AS runs
    FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.batch_id = :batch AND r.state = 'planned' AND r.sent_at IS NULL AND r.snapshot_id IS NULL
        AND m.provider = ANY(:providers)
    GROUP BY r.model_id, r.location_id, m.provider
""")

# The outbox row sends the submit message; `next_poll_at` is the fallback if that is lost. The vendor's deadline starts
# when the job is submitted; until then the batch's deadline applies.
PLAN = text(f"""
    WITH made AS (
        INSERT INTO vendor_jobs (id, batch_id, provider, model_id, location_id, deadline, next_poll_at)
        SELECT :id, id, :provider, :model, :location, deadline, now() + interval '30 seconds'
        FROM batches WHERE id = CAST(:batch AS uuid)
        ON CONFLICT DO NOTHING
        RETURNING id
    ),
    bound AS (
        UPDATE question_runs r SET snapshot_id = made.id, sent_at = now() FROM made
        WHERE r.id = ANY(CAST(:runs AS uuid[]))
    )
    {
    intents_of(
        Pipeline.SUBMIT,
        "id",
        ids="jsonb_build_array(id)",
        batch="CAST(:batch AS uuid)",
        source="FROM made",
    )
}
""")


def plan(db: Connection, batch: UUID, day: date, episode: int, providers: Sequence[str]) -> int:
    """Plans one job per model and location, each submitted by its own message; returns how many."""
    planned = 0
    for group in db.execute(GROUPS, {"batch": batch, "providers": list(providers)}).mappings().all():
        values = {
            "id": dated_id(day, "snapshot", batch, episode, *group["runs"]),
            "batch": str(batch),
            "provider": group["provider"],
            "model": group["model_id"],
            "location": group["location_id"],
            "runs": [str(run) for run in group["runs"]],
        }
        planned += enqueue_by(db, PLAN, values)
    return planned


RUNS = text("""
    SELECT r.snapshot_id, r.id, r.number, q.text AS question, m.name AS model, l.country, l.region, l.city
    FROM question_runs r JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN locations l ON l.id = r.location_id
    WHERE r.snapshot_id = ANY(:ids) AND r.state IN ('planned', 'asking') ORDER BY r.number
""")
COLUMNS = """s.id, s.batch_id, s.provider, (SELECT name FROM models WHERE models.id = s.model_id) AS model,
    (SELECT prices FROM models WHERE models.id = s.model_id) AS price, s.fence, s.failures, s.external_id,
    s.maybe_sent_at, s.request_hash, coalesce(s.grace_until < now(), true) AS grace_over,
    extract(epoch FROM now() - s.deadline)::float AS late_seconds,
    extract(epoch FROM now() - coalesce(s.submitted_at, s.created_at))::float AS age_seconds"""


def with_runs(db: Connection, found: Sequence[Mapping[str, Any]]) -> list[JobWork]:
    asked: dict[UUID, list[Mapping[str, Any]]] = {one["id"]: [] for one in found}
    for run in rows(db.execute(RUNS, {"ids": list(asked)})):
        asked[run["snapshot_id"]].append(run)
    return [work_of(one, asked[one["id"]]) for one in found]


def work_of(found: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]) -> JobWork:
    runs = tuple(Run(r["number"], r["question"], r["model"], r["country"], r["region"], r["city"]) for r in listed)
    known = {**found, "price": price_of(found["price"])}
    return JobWork(run_ids=tuple(r["id"] for r in listed), runs=runs, **known)


# Polls many jobs at once. The next poll is scheduled before this one, so a poll that crashes costs only a little time.
DUE = text(f"""
    UPDATE vendor_jobs s SET next_poll_at = now() + make_interval(secs =>
        least(15, greatest(2, 0.1 * extract(epoch FROM now() - s.submitted_at))))
    WHERE id IN (
        SELECT id FROM vendor_jobs WHERE state = 'running' AND next_poll_at <= now() AND kind = 'questions'
        ORDER BY next_poll_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING {COLUMNS}
""")


def due(db: Connection, most: int) -> list[JobWork]:
    return with_runs(db, rows(db.execute(DUE, {"most": most})))


# A vendor that asks us to wait is asked about none of its jobs meanwhile; too many such replies block an account.
REST = text("""
    UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id IN (
        SELECT id FROM vendor_jobs WHERE provider = :provider AND state = 'running'
            AND next_poll_at < now() + make_interval(secs => :seconds)
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
""")


def rest(db: Connection, provider: str, seconds: float) -> None:
    """No job of the provider is polled for that long."""
    db.execute(REST, {"provider": provider, "seconds": seconds})


# What a job that has ended did not read is read by calls.
CLOSE = text(f"""
    WITH closed AS (
        UPDATE vendor_jobs SET state = :state, error = :error, ended_at = now(), {RELEASED},
            cancel_due_at = CASE WHEN :abandoned THEN now() END,
            maybe_sent_at = CASE WHEN :abandoned OR external_id IS NOT NULL THEN maybe_sent_at END,
            request_hash = CASE WHEN :abandoned OR external_id IS NOT NULL THEN request_hash END
        WHERE id = :id AND fence = :fence AND state IN ('submitting', 'running')
        RETURNING id
    ),
    unread AS (
        UPDATE evaluations e SET job_id = NULL, next_at = now(), sent_at = NULL FROM closed
        WHERE e.job_id = closed.id AND {looked_up("e.state")} = '{EvaluationState.PENDING}'
    )
    SELECT id FROM closed
""")

COLLECTED = {
    "id": "uuid",
    "text": "text",
    "model_version": "text",
    "country": "text",
    "searched": "text",
    "queries": "jsonb",
    "honoured": "text",
    "other_model": "text",
    "vendor_id": "text",
    "reply": "jsonb",
    "cost_microusd": "bigint",
    "citations": "jsonb",
}
SAVE_ANSWERS = Prepared(f"""
    WITH {given(COLLECTED)},
    saved AS (
        UPDATE question_runs r SET state = 'answered', answer_text = given.text, model_version = given.model_version,
            reported_country = given.country, searched = given.searched, queries = given.queries,
            location_honoured = given.honoured, other_model = given.other_model,
            vendor_id = given.vendor_id, reply = given.reply, cost_microusd = given.cost_microusd,
            error = NULL, answered_at = now()
        FROM given
        WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = given.id AND {looked_up("r.state")} = 'asking'
        RETURNING r.id, r.batch_id, r.fence, r.cost_microusd, given.citations
    ),
    ended AS ({counted_runs("saved")}),
    {COUNT_DOWN},
    reported AS (
        UPDATE llm_calls c SET outcome = 'answered', cost_microusd = saved.cost_microusd, latency_ms = :latency_ms
        FROM saved WHERE c.run_id = ANY(CAST(:ids AS uuid[])) AND c.run_id = saved.id AND c.fence = saved.fence
            AND c.purpose = 'ask'
    ),
    {SAVE_CITED}
    UPDATE evaluations e SET sent_at = now() FROM saved
    WHERE e.run_id = ANY(CAST(:ids AS uuid[])) AND e.run_id = saved.id AND {looked_up("e.state")} = 'pending'
        AND e.job_id IS NULL
    RETURNING e.run_id
""")


def collected(
    work: JobWork, answer: Answer, citations: Sequence[Citation], *, cost_microusd: int | None
) -> dict[str, Any]:
    """A row of COLLECTED."""
    run, asked = work.asked(answer.number)
    return {
        "id": run,
        **answered(work.provider, asked, answer),
        "cost_microusd": cost_microusd,
        "citations": listed(citations),
    }


def save_answers(db: Connection, answers: Sequence[Mapping[str, Any]], *, age: float) -> list[UUID]:
    """`answers`: of `collected`. Returns the runs whose answers are now to be read."""
    ids = [one["id"] for one in answers]
    values = {"given": as_json(answers), "ids": ids, "latency_ms": round(age * 1000)}
    return list(dict.fromkeys(one["run_id"] for one in SAVE_ANSWERS.rows(db, values)))


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
        SELECT :id, s.batch_id, s.provider, s.model_id, s.location_id, b.deadline,
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
        db.execute(PLAN_AGAIN, {"id": next_job, "job": work.id, "runs": runs, "seconds": seconds})
        enqueue_later(db, Pipeline.SUBMIT, next_job, ids=[next_job], batch=work.batch_id, seconds=seconds)


def close(db: Connection, work: JobWork, state: JobState, error: str | None = None, *, abandoned: bool = False) -> bool:
    """False if another worker closed it. `abandoned`: the vendor may have the job, which is to be cancelled there."""
    values = {"id": work.id, "fence": work.fence, "state": state, "error": error, "abandoned": abandoned}
    return db.execute(CLOSE, values).first() is not None


def fail(db: Connection, work: JobWork, reason: str, *, cost_microusd: int | None = 0, abandoned: bool = False) -> None:
    """Fails the job and all its runs; does nothing if another worker closed it."""
    if close(db, work, JobState.FAILED, reason, abandoned=abandoned):
        for run in work.run_ids:
            fail_run(db, run, reason, cost_microusd=cost_microusd)


def read_answers(db: Connection, work: JobWork, runs: Sequence[UUID], window: int) -> None:
    """Enqueues the reading of one job's answers, `window` per message, while other jobs still run."""
    for start in range(0, len(runs), window):
        enqueue(db, Pipeline.EXTRACT, work.id, start, ids=runs[start : start + window], batch=work.batch_id)
