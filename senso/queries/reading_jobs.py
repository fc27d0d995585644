"""Vendor jobs that hold readings: planned when a batch opens, submitted once all its questions have an end.

While a job holds a reading, no call reads that answer. What a job leaves unread is released, and read by calls.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.lease import LEASE, RELEASED, UNLEASED, owned
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.queries.evaluations import SELECTED, ReadWork, read_work
from senso.queries.models import Model, Reader
from senso.queries.prompts import Prompts, version_of
from senso.queries.runs import Report
from senso.queries.stopped import holds_job, may_begin
from senso.queries.submissions import HAS_TRIES_LEFT, MAY_GO_ON
from senso.queries.vendor_jobs import COLUMNS, JobWork, work_of
from senso.states import OPEN_JOBS, OPEN_RUNS, EvaluationState, JobKind, JobState, Outcome, RunState, among

PLAN = text(f"""
    WITH made AS (
        INSERT INTO vendor_jobs (id, batch_id, kind, provider, model_id, deadline, next_poll_at)
        SELECT :id, :batch, '{JobKind.READINGS}', m.provider, m.id, now() + make_interval(secs => :patience), now()
        FROM models m WHERE m.provider = :provider AND m.name = :model ORDER BY m.slug LIMIT 1
        RETURNING id
    )
    UPDATE evaluations e SET job_id = made.id FROM made WHERE e.id = ANY(CAST(:readings AS uuid[]))
    RETURNING e.id
""")


def plan(db: Connection, job: UUID, batch: UUID, model: Model, readings: Sequence[UUID], policy: Policy) -> bool:
    """False where the model has no row."""
    values = {"id": job, "batch": batch, "provider": model.provider, "model": model.name}
    values |= {"readings": list(readings), "patience": policy.reading_batch_patience_seconds}
    return db.execute(PLAN, values).first() is not None


# A job that is not ready is looked at again soon; of one that is, a message is sent, and again if that was lost.
DUE = text(f"""
    WITH due AS (
        SELECT j.id, j.state = '{JobState.RUNNING}' AS is_running,
            (j.maybe_sent_at IS NOT NULL OR {may_begin(holds_job("j"))}) AND (
                j.created_at < now() - make_interval(secs => :patience) OR NOT EXISTS (SELECT FROM question_runs r
                    WHERE r.batch_id = j.batch_id AND {among("r.state", OPEN_RUNS)})) AS is_ready
        FROM vendor_jobs j
        WHERE j.kind = '{JobKind.READINGS}' AND {among("j.state", OPEN_JOBS)} AND j.next_poll_at <= now() AND {UNLEASED}
        ORDER BY j.next_poll_at LIMIT :most FOR UPDATE OF j SKIP LOCKED
    )
    UPDATE vendor_jobs s SET next_poll_at = now() + make_interval(secs => CASE
        WHEN due.is_running THEN least(300, greatest(2, 0.05 * extract(epoch FROM now() - s.submitted_at)))
        WHEN due.is_ready THEN 30 ELSE 5 END)
    FROM due WHERE s.id = due.id
    RETURNING s.id, due.is_running OR due.is_ready AS is_ready
""")


def due(db: Connection, policy: Policy) -> list[UUID]:
    """Jobs to be looked at now, or to be submitted: all questions have an end, or are waited for no longer."""
    values = {"most": policy.jobs_per_poll, "patience": policy.batch_seconds}
    return [one["id"] for one in rows(db.execute(DUE, values)) if one["is_ready"]]


LOAD = text(f"""
    SELECT s.state, {COLUMNS} FROM vendor_jobs s
    WHERE s.id = :id AND s.kind = '{JobKind.READINGS}' AND {among("s.state", OPEN_JOBS)}
""")


def load(db: Connection, job: UUID) -> tuple[JobState, JobWork] | None:
    """None if it has ended. Without runs: it holds readings."""
    for found in rows(db.execute(LOAD, {"id": job})):
        known = dict(found)
        return JobState(known.pop("state")), work_of(known, ())
    return None


# As for a job of questions: the fence rises only for a new request, and a look-up makes no calls.
CLAIM = text(f"""
    UPDATE vendor_jobs s SET fence = fence + CASE WHEN maybe_sent_at IS NULL THEN 1 ELSE 0 END, {owned("s")},
        next_poll_at = {LEASE}
    WHERE id = :id AND kind = '{JobKind.READINGS}' AND state = '{JobState.SUBMITTING}' AND {UNLEASED}
        AND {HAS_TRIES_LEFT} AND deadline > now() AND {MAY_GO_ON}
    RETURNING {COLUMNS}
""")


def claim(db: Connection, job: UUID, owner: str, policy: Policy) -> JobWork | None:
    values = {"id": job, "owner": owner, "lease": policy.upload_lease_seconds, "most": policy.most_failures}
    found = rows(db.execute(CLAIM, values))
    return work_of(found[0], ()) if found else None


HELD = f"""
    SELECT e.id, e.run_id, r.batch_id AS asked_by, e.org_id, e.batch_id, e.fence, e.failures, e.reader, r.answer_text,
        r.question_id
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id
    WHERE e.job_id = :job AND e.state = '{EvaluationState.PENDING}' AND r.state = '{RunState.ANSWERED}'
"""
TO_SEND = Prepared(f"""
    WITH claimed AS ({HELD} ORDER BY e.id),
    called AS (
        SELECT CAST(NULL AS bigint) AS id, run_id, org_id, {version_of("run_id")} AS prompt_version FROM claimed
    )
    {SELECTED}
""")


def to_send(db: Connection, job: UUID, readers: Sequence[Reader], prompts: Prompts) -> list[ReadWork]:
    """All that the job holds and that can be read: still without a call."""
    return [read_work(one, readers) for one in TO_SEND.rows(db, {"job": job} | prompts.values())]


# Each reading in the file is a call that the vendor may bill, with a fence of its own.
ANNOUNCE = Prepared(f"""
    WITH claimed AS (
        UPDATE evaluations e SET fence = e.fence + 1, reader = :reader, sent_at = now(), next_at = NULL
        WHERE e.id = ANY(CAST(:readings AS uuid[])) AND e.job_id = :job AND e.state = '{EvaluationState.PENDING}'
        RETURNING e.run_id, e.org_id, e.batch_id, e.fence, e.reader
    )
    INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, prompt_version, job_id)
    SELECT 'read', batch_id, run_id, org_id, fence, :provider, :model, {version_of("run_id")}, :job FROM claimed
    RETURNING id
""")


# What is not in the file: not answered yet, or without room in it.
LEFT_OUT = Prepared(f"""
    UPDATE evaluations e SET job_id = NULL, sent_at = NULL,
        next_at = CASE WHEN r.state = '{RunState.ANSWERED}' THEN now() END
    FROM question_runs r
    WHERE e.job_id = :job AND r.id = e.run_id AND e.state = '{EvaluationState.PENDING}'
        AND e.id <> ALL(CAST(:readings AS uuid[]))
    RETURNING e.id
""")


def announce(db: Connection, work: JobWork, readings: Sequence[UUID], *, reader: int, prompts: Prompts) -> None:
    """Committed right before the request; calls read what is not in the file.

    `reader`: the place of the job's model among the tries to read.
    """
    values = {"job": work.id, "readings": list(readings)}
    LEFT_OUT.rows(db, values)
    values |= {"provider": work.provider, "model": work.model, "reader": reader}
    ANNOUNCE.rows(db, values | prompts.values())


# The vendor works on it. A first look comes soon: a file of a few requests may take a minute.
SUBMITTED = text(f"""
    UPDATE vendor_jobs s SET state = '{JobState.RUNNING}', external_id = :external_id, {RELEASED},
        submitted_at = maybe_sent_at, error = NULL, next_poll_at = now() + interval '2 seconds'
    WHERE id = :id AND fence = :fence AND state = '{JobState.SUBMITTING}' AND maybe_sent_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM vendor_jobs other WHERE other.provider = s.provider AND other.external_id = :external_id
    )
    RETURNING id
""")


def submitted(db: Connection, work: JobWork, external_id: str) -> bool:
    """False if another worker or row has the job by now, or its batch has ended."""
    values = {"id": work.id, "fence": work.fence, "external_id": external_id}
    is_ours = db.execute(SUBMITTED, values).first() is not None
    if is_ours:  # a lost reply had given the calls an outcome
        db.execute(REOPEN, {"batch": work.batch_id, "job": work.id})
    return is_ours


# Those that have no result yet, with the calls that were announced for them.
SENT = Prepared(f"""
    WITH claimed AS ({HELD}),
    called AS (
        SELECT c.id, c.run_id, c.org_id, c.prompt_version FROM claimed JOIN llm_calls c ON c.run_id = claimed.run_id
            AND c.org_id = claimed.org_id AND c.fence = claimed.fence AND c.purpose = 'read' AND c.job_id = :job
    )
    {SELECTED}
""")


def sent(db: Connection, job: UUID, readers: Sequence[Reader]) -> list[ReadWork]:
    return [read_work(one, readers) for one in SENT.rows(db, {"job": job})]


# A job that no worker has in hand and none can claim: its deadline is over, or it has failed too often.
HOPELESS = text(f"""
    SELECT {COLUMNS} FROM vendor_jobs s
    WHERE s.id = :id AND s.state = '{JobState.SUBMITTING}' AND {UNLEASED}
        AND (s.deadline < now() OR NOT {HAS_TRIES_LEFT})
    FOR NO KEY UPDATE
""")


def hopeless(db: Connection, job: UUID, policy: Policy) -> JobWork | None:
    found = rows(db.execute(HOPELESS, {"id": job, "most": policy.most_failures}))
    return work_of(found[0], ()) if found else None


# Nobody else looks at it for a while.
TAKEN = text("UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id = :id")


def taken(db: Connection, work: JobWork, seconds: float) -> None:
    db.execute(TAKEN, {"id": work.id, "seconds": seconds})


# The vendor did nothing of it, and may do so later: it is submitted again.
PUT_OFF = text(f"""
    UPDATE vendor_jobs SET state = '{JobState.SUBMITTING}', external_id = NULL, submitted_at = NULL,
        maybe_sent_at = NULL, request_hash = NULL, grace_until = NULL, error = :error, {RELEASED},
        next_poll_at = now() + make_interval(secs => :seconds)
    WHERE id = :id AND fence = :fence AND state = '{JobState.RUNNING}'
    RETURNING id
""")


def put_off(db: Connection, work: JobWork, error: str, seconds: float) -> bool:
    values = {"id": work.id, "fence": work.fence, "error": error, "seconds": seconds}
    return db.execute(PUT_OFF, values).first() is not None


# It holds no lease while it waits, and has not failed.
SET_ASIDE = text(f"""
    UPDATE vendor_jobs SET {RELEASED}, next_poll_at = now() + interval '5 seconds'
    WHERE id = :id AND fence = :fence AND state = '{JobState.SUBMITTING}' AND maybe_sent_at IS NULL
""")


def set_aside(db: Connection, work: JobWork) -> None:
    """It is submitted when a stop ends that holds it."""
    db.execute(SET_ASIDE, {"id": work.id, "fence": work.fence})


LOCK = text("SELECT id FROM vendor_jobs WHERE id = :id FOR NO KEY UPDATE")


def lock(db: Connection, job: UUID) -> None:
    """Before its readings: the order in which all transactions lock."""
    db.execute(LOCK, {"id": job})


RELEASE = Prepared(f"""
    WITH reported AS (
        UPDATE llm_calls SET outcome = :outcome, tokens_in = :tokens_in, tokens_cached = :tokens_cached,
            tokens_written = :tokens_written, tokens_out = :tokens_out, tokens_thinking = :tokens_thinking,
            cost_microusd = :cost_microusd, latency_ms = :latency_ms, error = :error
        WHERE id = :call_id
    )
    UPDATE evaluations SET job_id = NULL, sent_at = NULL, next_at = now(), error = :error,
        reader = coalesce(:reader, reader)
    WHERE id = :id AND fence = :fence AND state = '{EvaluationState.PENDING}' AND job_id IS NOT NULL
    RETURNING id
""")


def release(db: Connection, work: ReadWork, report: Report, error: str, reader: int | None) -> None:
    """A call reads it: that of the try `reader`, or of the same one."""
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence, "reader": reader}
    RELEASE.rows(db, values | {"error": error})


# The calls of a job that brought nothing, or that are open again: its batch was found although the reply was lost.
REPORT = text("""
    UPDATE llm_calls SET outcome = :outcome, error = :error, cost_microusd = :cost_microusd
    WHERE batch_id = :batch AND job_id = :job AND outcome IS NULL
""")
REOPEN = text("""
    UPDATE llm_calls c SET outcome = NULL, error = NULL, cost_microusd = NULL FROM evaluations e
    WHERE c.batch_id = :batch AND c.job_id = :job AND e.job_id = :job AND c.run_id = e.run_id AND c.org_id = e.org_id
        AND c.fence = e.fence
""")


def report(db: Connection, work: JobWork, outcome: Outcome, error: str, cost_microusd: int | None) -> None:
    values: dict[str, Any] = {"batch": work.batch_id, "job": work.id, "outcome": outcome}
    db.execute(REPORT, values | {"error": error, "cost_microusd": cost_microusd})
