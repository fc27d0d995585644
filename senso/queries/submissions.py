"""Submitting a job to a vendor that has no idempotency keys.

Three commits: claimed; about to be sent (in doubt from here on); saved with the id that the vendor gave it. A row that
stays in doubt is claimed for a look-up, and its fence rises only for a new request: until then the worker that sent the
previous request may still save the vendor's id, and of all workers that find the job exactly one saves it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.lease import LEASE, RELEASED, UNLEASED, owned
from senso.policy import Policy
from senso.queries.runs import Report
from senso.queries.vendor_jobs import COLUMNS, JobWork, with_runs

# Five failures end a job that has certainly not arrived. For a job in doubt, as many look-ups may fail in addition;
# otherwise the fifth lost reply could leave a paid job without a row that waits for it.
HAS_TRIES_LEFT = "s.failures < CASE WHEN s.maybe_sent_at IS NULL THEN :most ELSE 2 * :most END"

# One claim for the job and all its runs, with a row for each call that the vendor may bill. A look-up adds no rows:
# only what was sent before may be billed.
CLAIM = text(f"""
    WITH claimed AS (
        UPDATE vendor_jobs s SET fence = fence + CASE WHEN maybe_sent_at IS NULL THEN 1 ELSE 0 END, {owned("s")},
            next_poll_at = {LEASE}
        WHERE id = :id AND state = 'submitting' AND {UNLEASED} AND {HAS_TRIES_LEFT} AND deadline > now()
        RETURNING {COLUMNS}
    ),
    asking AS (
        UPDATE question_runs r SET state = 'asking', fence = r.fence + 1 FROM claimed
        WHERE r.snapshot_id = claimed.id AND r.state IN ('planned', 'asking') AND claimed.maybe_sent_at IS NULL
        RETURNING r.id, r.batch_id, r.fence, r.model_id, r.snapshot_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, job_id, provider, model)
        SELECT 'ask', a.batch_id, a.id, b.org_id, a.fence, a.snapshot_id, m.provider, m.name
        FROM asking a JOIN batches b ON b.id = a.batch_id JOIN models m ON m.id = a.model_id
    )
    SELECT * FROM claimed
""")


def claim(db: Connection, snapshot: UUID, owner: str, policy: Policy) -> JobWork | None:
    values = {"id": snapshot, "owner": owner, "lease": policy.lease_seconds, "most": policy.most_failures}
    return next(iter(with_runs(db, rows(db.execute(CLAIM, values)))), None)


# The lease is longer than the longest call: when it has expired, no request is in flight any more.
SENDING = text(f"""
    UPDATE vendor_jobs SET maybe_sent_at = now(), request_hash = :request_hash,
        grace_until = {LEASE}
    WHERE id = :id AND fence = :fence AND state = 'submitting' AND maybe_sent_at IS NULL
    RETURNING id
""")


def sending(db: Connection, work: JobWork, request_hash: str, policy: Policy) -> bool:
    """Committed right before the request. False if its batch has ended or another worker is to send it."""
    values = {"id": work.id, "fence": work.fence, "request_hash": request_hash, "lease": policy.lease_seconds}
    return db.execute(SENDING, values).first() is not None


# The first poll comes after half the median time of this model's last jobs, to avoid useless polls. The calls are open
# again: the outcome that a lost reply had given them ("unavailable, cost unknown") was wrong.
SUBMITTED = text(f"""
    WITH submitted AS (
        UPDATE vendor_jobs s SET state = 'running', external_id = :external_id, {RELEASED},
            submitted_at = maybe_sent_at, error = NULL,
            deadline = least(deadline, now() + make_interval(secs => (
                SELECT deadline_seconds FROM models WHERE models.id = s.model_id
            ))),
            next_poll_at = now() + make_interval(secs => greatest(2, 0.5 * coalesce((
                SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - submitted_at))
                FROM (
                    SELECT submitted_at, ended_at FROM vendor_jobs past
                    WHERE past.model_id = s.model_id AND past.state = 'collected' ORDER BY past.created_at DESC LIMIT 50
                ) AS recent
            ), 0)))
        WHERE id = :id AND fence = :fence AND state = 'submitting' AND maybe_sent_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM vendor_jobs other WHERE other.provider = s.provider AND other.external_id = :external_id
        )
        RETURNING id
    ),
    reopened AS (
        UPDATE llm_calls c SET outcome = NULL, cost_microusd = NULL, error = NULL FROM question_runs r, submitted
        WHERE r.snapshot_id = submitted.id AND c.run_id = r.id AND c.fence = r.fence AND c.purpose = 'ask'
            AND c.outcome IS NOT NULL
    )
    SELECT id FROM submitted
""")


def submitted(db: Connection, work: JobWork, external_id: str) -> bool:
    """False if another worker or row has the job by now, or its batch has ended."""
    values = {"id": work.id, "fence": work.fence, "external_id": external_id}
    return db.execute(SUBMITTED, values).first() is not None


PUT_BACK = text(f"""
    WITH back AS (
        UPDATE vendor_jobs SET {RELEASED}, error = :error, failures = failures + :counted,
            next_poll_at = now() + make_interval(secs => :seconds),
            maybe_sent_at = CASE WHEN :in_doubt THEN maybe_sent_at END,
            request_hash = CASE WHEN :in_doubt THEN request_hash END,
            grace_until = CASE WHEN :in_doubt THEN now() + make_interval(secs => :grace) END
        WHERE id = :id AND fence = :fence AND state = 'submitting'
        RETURNING id
    )
    UPDATE llm_calls c SET outcome = :outcome, cost_microusd = :cost_microusd, error = :error
    FROM question_runs r, back
    WHERE r.snapshot_id = back.id AND c.run_id = r.id AND c.fence = r.fence AND c.outcome IS NULL AND c.purpose = 'ask'
""")


def put_back(
    db: Connection,
    work: JobWork,
    error: str,
    report: Report,
    policy: Policy,
    *,
    seconds: float,
    counts_as_failure: bool,
    in_doubt: bool,
) -> None:
    """`in_doubt`: the vendor may have accepted it, so it is looked up before it is sent again."""
    values = {"id": work.id, "fence": work.fence, "error": error, "seconds": seconds, "grace": policy.grace_seconds}
    values |= {"outcome": report.outcome, "cost_microusd": report.cost_microusd, "in_doubt": in_doubt}
    db.execute(PUT_BACK, values | {"counted": int(counts_as_failure)})


WITHOUT_ROW = text("""
    SELECT job FROM unnest(CAST(:jobs AS text[])) WITH ORDINALITY AS listed(job, place)
    WHERE NOT EXISTS (SELECT FROM vendor_jobs s WHERE s.provider = :provider AND s.external_id = job) ORDER BY place
""")


def without_row(db: Connection, provider: str, jobs: Sequence[str]) -> list[str]:
    """The vendor's jobs whose ids are in no row, in the same order."""
    return list(db.execute(WITHOUT_ROW, {"provider": provider, "jobs": list(jobs)}).scalars())


MODELS_ASKED = text("""
    SELECT DISTINCT m.name FROM vendor_jobs s JOIN models m ON m.id = s.model_id WHERE s.provider = :provider
        AND s.maybe_sent_at IS NOT NULL ORDER BY 1
""")
SENT_AS = text("""
    SELECT id FROM vendor_jobs WHERE request_hash = :mark AND maybe_sent_at IS NOT NULL ORDER BY id LIMIT 1
""")


def models_asked(db: Connection, provider: str) -> list[str]:
    """The provider's own names of the models for which a job was ever sent."""
    return list(db.execute(MODELS_ASKED, {"provider": provider}).scalars())


def sent_as(db: Connection, mark: str) -> UUID | None:
    """The row that sent a request with this fingerprint."""
    found: UUID | None = db.execute(SENT_AS, {"mark": mark}).scalar()
    return found


# The longer a job is in doubt, the rarer the look-ups; one always comes right after the grace.
LOOK_AGAIN = text(f"""
    UPDATE vendor_jobs SET {RELEASED}, failures = failures + :counted,
        error = coalesce(:error, error),
        next_poll_at = CASE WHEN grace_until > now()
            THEN least(grace_until, now() + make_interval(secs => greatest(:seconds, 10)))
            ELSE now() + make_interval(
                secs => greatest(:seconds, least(60, 2 + 0.25 * extract(epoch FROM now() - maybe_sent_at))))
        END
    WHERE id = :id AND fence = :fence AND state = 'submitting' AND maybe_sent_at IS NOT NULL
""")


def look_again(
    db: Connection, work: JobWork, error: str | None = None, *, seconds: float = 0, counts_as_failure: bool = False
) -> None:
    values = {"id": work.id, "fence": work.fence, "error": error, "seconds": seconds}
    db.execute(LOOK_AGAIN, values | {"counted": int(counts_as_failure)})


NEVER_ARRIVED = text(f"""
    UPDATE vendor_jobs SET {RELEASED}, next_poll_at = now(), maybe_sent_at = NULL,
        request_hash = NULL, grace_until = NULL
    WHERE id = :id AND fence = :fence AND state = 'submitting' AND maybe_sent_at = :maybe_sent_at
        AND grace_until < now()
    RETURNING id
""")


def never_arrived(db: Connection, work: JobWork) -> bool:
    """Assumed, not known, when the grace is over: from here on the job may be sent again."""
    values = {"id": work.id, "fence": work.fence, "maybe_sent_at": work.maybe_sent_at}
    return db.execute(NEVER_ARRIVED, values).first() is not None


UNSUBMITTED = text(f"""
    UPDATE vendor_jobs SET next_poll_at = now() + interval '30 seconds'
    WHERE id IN (
        SELECT id FROM vendor_jobs s WHERE state = 'submitting' AND next_poll_at <= now() AND {HAS_TRIES_LEFT}
            AND {UNLEASED} AND deadline > now() AND kind = 'questions'
        ORDER BY next_poll_at LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")


def unsubmitted(db: Connection, policy: Policy) -> list[UUID]:
    """Jobs whose message was lost, or whose submission is to be tried again or looked up now."""
    return list(db.execute(UNSUBMITTED, {"most": policy.most_failures}).scalars())


HOPELESS = text(f"""
    SELECT {COLUMNS} FROM vendor_jobs s
    WHERE s.state = 'submitting' AND s.kind = 'questions' AND (s.deadline < now() OR NOT {HAS_TRIES_LEFT})
        AND {UNLEASED}
    LIMIT 50 FOR UPDATE SKIP LOCKED
""")


def unsubmittable(db: Connection, policy: Policy) -> list[JobWork]:
    """Jobs that were never submitted, as far as is known, and will not be."""
    return with_runs(db, rows(db.execute(HOPELESS, {"most": policy.most_failures})))
