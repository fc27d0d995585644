"""Handing a job over to a vendor: claimed before it is sent, saved under the name that the vendor gave it."""

from uuid import UUID

from sqlalchemy import Connection, text

from senso.queries.runs import LEASE_SECONDS, MAX_FAILURES, Report
from senso.queries.snapshots import COLUMNS, SnapshotWork, with_runs

# One claim for the job and all its runs, with a row for each call that the vendor may bill.
CLAIM = text(f"""
    WITH claimed AS (
        UPDATE snapshots s SET fence = fence + 1, lease_owner = :owner,
            failures = failures + CASE WHEN lease_owner IS NULL THEN 0 ELSE 1 END,
            lease_until = now() + make_interval(secs => :lease),
            next_poll_at = now() + make_interval(secs => :lease)
        WHERE id = :id AND state = 'submitting' AND (lease_until IS NULL OR lease_until < now())
            AND failures < :most AND deadline > now()
        RETURNING {COLUMNS}
    ),
    asking AS (
        UPDATE question_runs r SET state = 'asking', fence = r.fence + 1 FROM claimed
        WHERE r.snapshot_id = claimed.id AND r.state IN ('planned', 'asking')
        RETURNING r.id, r.batch_id, r.fence, r.model_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model)
        SELECT 'ask', a.batch_id, a.id, b.org_id, a.fence, m.provider, m.name
        FROM asking a JOIN batches b ON b.id = a.batch_id JOIN models m ON m.id = a.model_id
    )
    SELECT * FROM claimed
""")


def claim(db: Connection, snapshot: UUID, owner: str) -> SnapshotWork | None:
    values = {"id": snapshot, "owner": owner, "lease": LEASE_SECONDS, "most": MAX_FAILURES}
    found = db.execute(CLAIM, values).mappings().one_or_none()
    return with_runs(db, dict(found)) if found else None


# First looked at after half of what the last jobs of this model took, so that neither side is asked for nothing.
SUBMITTED = text("""
    UPDATE snapshots s SET state = 'running', external_id = :external_id, lease_owner = NULL, lease_until = NULL,
        submitted_at = now(), error = NULL,
        deadline = least(deadline, now() + make_interval(secs => (
            SELECT deadline_seconds FROM models WHERE models.id = s.model_id
        ))),
        next_poll_at = now() + make_interval(secs => greatest(2, 0.5 * coalesce((
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - submitted_at))
            FROM (
                SELECT submitted_at, ended_at FROM snapshots past
                WHERE past.model_id = s.model_id AND past.state = 'collected' ORDER BY past.created_at DESC LIMIT 50
            ) AS recent
        ), 0)))
    WHERE id = :id AND fence = :fence AND state = 'submitting'
    RETURNING id
""")


def submitted(db: Connection, work: SnapshotWork, external_id: str) -> bool:
    """False when somebody else has it by now, or its batch has ended: then the job is to be cancelled."""
    values = {"id": work.id, "fence": work.fence, "external_id": external_id}
    return db.execute(SUBMITTED, values).first() is not None


PUT_BACK = text("""
    WITH back AS (
        UPDATE snapshots SET lease_owner = NULL, lease_until = NULL, error = :error, failures = failures + :counted,
            next_poll_at = now() + make_interval(secs => :seconds)
        WHERE id = :id AND fence = :fence AND state = 'submitting'
        RETURNING id
    )
    UPDATE llm_calls c SET outcome = :outcome, cost_microusd = :cost_microusd FROM question_runs r, back
    WHERE r.snapshot_id = back.id AND c.run_id = r.id AND c.fence = r.fence AND c.outcome IS NULL AND c.purpose = 'ask'
""")


def put_back(
    db: Connection, work: SnapshotWork, error: str, report: Report, *, seconds: float, counts_as_failure: bool
) -> None:
    values = {"id": work.id, "fence": work.fence, "error": error, "seconds": seconds}
    values |= {"outcome": report.outcome, "cost_microusd": report.cost_microusd}
    db.execute(PUT_BACK, values | {"counted": int(counts_as_failure)})


UNSUBMITTED = text("""
    UPDATE snapshots SET next_poll_at = now() + interval '30 seconds'
    WHERE id IN (
        SELECT id FROM snapshots WHERE state = 'submitting' AND next_poll_at <= now() AND failures < :most
            AND (lease_until IS NULL OR lease_until < now()) AND deadline > now()
        ORDER BY next_poll_at LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")


def unsubmitted(db: Connection) -> list[UUID]:
    """Those whose message was lost or whose submission is to be tried again now."""
    return list(db.execute(UNSUBMITTED, {"most": MAX_FAILURES}).scalars())


HOPELESS = text(f"""
    SELECT {COLUMNS} FROM snapshots s
    WHERE s.state = 'submitting' AND (s.deadline < now() OR s.failures >= :most)
        AND (s.lease_until IS NULL OR s.lease_until < now())
    LIMIT 50 FOR UPDATE SKIP LOCKED
""")


def hopeless(db: Connection) -> list[SnapshotWork]:
    """Those that were never submitted and will not be."""
    found = db.execute(HOPELESS, {"most": MAX_FAILURES}).mappings().all()
    return [with_runs(db, dict(one)) for one in found]
