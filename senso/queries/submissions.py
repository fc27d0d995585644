"""Submitting a job to a vendor that has no idempotency keys.

Three commits: claimed; about to be sent (in doubt from here on); saved with the id that the vendor gave it. A row that
stays in doubt is claimed for a look-up, and its fence rises only for a new request: until then the worker that sent the
previous request may still save the vendor's id, and of all workers that find the job exactly one saves it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.lease import LEASE, RELEASED, UNLEASED, owned
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.queries import job_places
from senso.queries.runs import Report
from senso.queries.stopped import holds_job, may_begin
from senso.queries.vendor_jobs import COLUMNS, JobWork, fences, with_runs
from senso.states import JobKind

# Five failures end a job that has certainly not arrived. For a job in doubt, as many look-ups may fail in addition;
# otherwise the fifth lost reply could leave a paid job without a row that waits for it.
HAS_TRIES_LEFT = "s.failures < CASE WHEN s.maybe_sent_at IS NULL THEN :most ELSE 2 * :most END"
# What may have been sent is looked up although it is stopped, which is free.
MAY_GO_ON = f"(s.maybe_sent_at IS NOT NULL OR {may_begin(holds_job('s'))})"

# Until the next look of a job that its vendor does not take now.
POSTPONED_SECONDS = 1

# One claim for the jobs and all their runs, with a row for each call that the vendor may bill. A look-up adds no rows:
# only what was sent before may be billed.
CLAIM = Prepared(f"""
    WITH mine AS (
        SELECT id FROM vendor_jobs s
        WHERE id = ANY(CAST(:ids AS uuid[])) AND kind = '{JobKind.QUESTIONS}'
            AND {looked_up("state")} = 'submitting' AND {UNLEASED}
            AND (place_at IS NOT NULL OR maybe_sent_at IS NOT NULL) AND {HAS_TRIES_LEFT} AND deadline > now()
            AND {MAY_GO_ON}
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE vendor_jobs s SET fence = fence + CASE WHEN maybe_sent_at IS NULL THEN 1 ELSE 0 END, {owned("s")},
            next_poll_at = {LEASE}
        FROM mine WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.id = mine.id
        RETURNING {COLUMNS}
    ),
    asking AS (
        UPDATE question_runs r SET state = 'asking', fence = r.fence + 1 FROM claimed
        WHERE r.snapshot_id = ANY(CAST(:ids AS uuid[])) AND r.snapshot_id = claimed.id
            AND {looked_up("r.state")} IN ('planned', 'asking') AND claimed.maybe_sent_at IS NULL
        RETURNING r.id, r.batch_id, r.fence, r.model_id, r.snapshot_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, job_id, provider, model)
        SELECT 'ask', a.batch_id, a.id, b.org_id, a.fence, a.snapshot_id, m.provider, m.name
        FROM asking a JOIN batches b ON b.id = ANY(ARRAY(SELECT batch_id FROM asking)) AND b.id = a.batch_id
            JOIN models m ON m.id = a.model_id
    )
    SELECT * FROM claimed
""")


def ready(db: Link, jobs: Sequence[UUID], policy: Policy, rooms: Mapping[str, int] | None = None) -> list[UUID]:
    """Those of `jobs` that may be sent now.

    Left out are those that wait: for a place at their vendor, or because it takes no more requests now. `rooms`: how
    many it takes, by provider.
    """
    placed = job_places.admit(db, jobs, policy)
    found = job_places.sendable(placed, rooms or {})
    if len(found) < len(placed):
        job_places.put_off(db, [job for job in placed if job not in set(found)], POSTPONED_SECONDS)
    return found


def claim_ready(db: Link, jobs: Sequence[UUID], owner: str, policy: Policy) -> list[JobWork]:
    """Leaves out jobs that are submitted, claimed by another worker, or no longer wanted."""
    values = {"ids": list(jobs), "owner": owner, "lease": policy.lease_seconds, "most": policy.most_failures}
    return with_runs(db, CLAIM.rows(db, values)) if jobs else []


def claim(
    db: Link, jobs: Sequence[UUID], owner: str, policy: Policy, rooms: Mapping[str, int] | None = None
) -> list[JobWork]:
    return claim_ready(db, ready(db, jobs, policy, rooms), owner, policy)


# The lease is longer than the longest call: when it has expired, no request is in flight any more.
SENDING = Prepared(f"""
    UPDATE vendor_jobs s SET maybe_sent_at = now(), request_hash = given.request_hash, grace_until = {LEASE}
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[]), CAST(:marks AS text[]))
        AS given (id, fence, request_hash)
    WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.id = given.id AND s.fence = given.fence
        AND {looked_up("s.state")} = 'submitting' AND s.maybe_sent_at IS NULL
    RETURNING s.id
""")


def sending(db: Link, requests: Sequence[tuple[JobWork, str]], policy: Policy) -> set[UUID]:
    """Committed right before the requests, each with its fingerprint. Returns the jobs that are to be sent.

    Left out are those whose batch has ended, or that another worker is to send.
    """
    return set(SENDING.column(db, told("marks", requests) | {"lease": policy.lease_seconds}))


# The first poll comes before a tenth of this model's last jobs were ready, or after half their median if that is later:
# earlier ones would be useless. The calls are open again: the outcome that a lost reply had given them ("unavailable,
# cost unknown") was wrong.
SUBMITTED = Prepared(f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[]), CAST(:names AS text[]))
            AS given (id, fence, external_id)
    ),
    usual AS MATERIALIZED (
        SELECT m.id, m.deadline_seconds, (
            SELECT greatest(2, 0.5 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
                0.8 * percentile_cont(0.1) WITHIN GROUP (ORDER BY seconds))
            FROM (
                SELECT extract(epoch FROM past.ended_at - past.submitted_at) AS seconds FROM vendor_jobs past
                WHERE past.model_id = m.id AND past.state = 'collected' ORDER BY past.created_at DESC LIMIT 50
            ) AS recent
        ) AS seconds
        FROM models m WHERE m.id = ANY(ARRAY(SELECT model_id FROM vendor_jobs WHERE id = ANY(CAST(:ids AS uuid[]))))
    ),
    submitted AS (
        UPDATE vendor_jobs s SET state = 'running', external_id = given.external_id, {RELEASED},
            submitted_at = s.maybe_sent_at, error = NULL,
            deadline = least(s.deadline, now() + make_interval(secs => usual.deadline_seconds)),
            next_poll_at = now() + make_interval(secs => usual.seconds)
        FROM given, usual
        WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.id = given.id AND s.fence = given.fence AND usual.id = s.model_id
            AND {looked_up("s.state")} = 'submitting' AND s.maybe_sent_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM vendor_jobs other
                WHERE other.provider = s.provider AND other.external_id = given.external_id
            )
        RETURNING s.id
    ),
    reopened AS (
        UPDATE llm_calls c SET outcome = NULL, cost_microusd = NULL, error = NULL FROM question_runs r, submitted
        WHERE r.snapshot_id = ANY(CAST(:ids AS uuid[])) AND r.snapshot_id = submitted.id AND c.run_id = r.id
            AND c.fence = r.fence AND c.purpose = 'ask' AND c.outcome IS NOT NULL
    )
    SELECT id FROM submitted
""")


def submitted(db: Link, named: Sequence[tuple[JobWork, str]]) -> set[UUID]:
    """Saves the vendor's id of each. Returns the jobs for which that was done.

    Left out are those that another worker or row has by now, or whose batch has ended.
    """
    return set(SUBMITTED.column(db, told("names", named)))


def told(what: str, pairs: Sequence[tuple[JobWork, str]]) -> dict[str, Any]:
    """Ids, fences and texts, sorted, so that two statements that touch the same rows do not deadlock."""
    ordered = sorted(pairs, key=lambda pair: pair[0].id)
    return fences([work for work, _ in ordered]) | {what: [text for _, text in ordered]}


PUT_BACK = text(f"""
    WITH back AS (
        UPDATE vendor_jobs SET {RELEASED}, error = :error, failures = failures + :counted,
            next_poll_at = now() + make_interval(secs => :seconds),
            maybe_sent_at = CASE WHEN :in_doubt THEN maybe_sent_at END,
            place_at = CASE WHEN :in_doubt THEN place_at END,
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


UNSUBMITTED = Prepared(f"""
    UPDATE vendor_jobs SET next_poll_at = now() + interval '30 seconds'
    WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs s WHERE state = 'submitting' AND kind = '{JobKind.QUESTIONS}'
            AND provider = :provider AND (place_at IS NOT NULL OR maybe_sent_at IS NOT NULL)
            AND next_poll_at <= now() AND {HAS_TRIES_LEFT} AND {UNLEASED} AND deadline > now()
            AND {MAY_GO_ON}
        ORDER BY next_poll_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, failures
""")


@dataclass(frozen=True, slots=True)
class Unsubmitted:
    id: UUID
    failures: int


def unsubmitted(db: Link, provider: str, most: int, policy: Policy) -> list[Unsubmitted]:
    """Jobs that have got their place, whose message was lost, or that are to be submitted again or looked up now."""
    values = {"provider": provider, "limit": most, "most": policy.most_failures}
    return [Unsubmitted(**one) for one in UNSUBMITTED.rows(db, values)]


HOPELESS = Prepared(f"""
    SELECT {COLUMNS} FROM vendor_jobs s
    WHERE s.state = 'submitting' AND s.kind = '{JobKind.QUESTIONS}'
        AND (s.deadline < now() OR NOT {HAS_TRIES_LEFT}) AND {UNLEASED}
    LIMIT 50 FOR UPDATE SKIP LOCKED
""")


def unsubmittable(db: Link, policy: Policy) -> list[JobWork]:
    """Jobs that were never submitted, as far as is known, and will not be."""
    return with_runs(db, HOPELESS.rows(db, {"most": policy.most_failures}))
