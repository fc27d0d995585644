"""Jobs at a vendor that nobody waits for any more: a row says that one is to be cancelled there, until it is."""

from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.queries.vendor_jobs import COLUMNS, SnapshotWork, with_runs
from senso.states import UNDONE_JOBS, JobState, among

# The next try is set before this one, as with a look. After a day the job has long ended, whatever became of it.
DUE = text(f"""
    UPDATE vendor_jobs s SET cancel_due_at = now() + make_interval(secs =>
        least(900, greatest(10, 0.5 * extract(epoch FROM now() - s.ended_at))))
    WHERE id IN (
        SELECT id FROM vendor_jobs WHERE cancel_due_at <= now() AND ended_at > now() - interval '1 day'
            AND (CAST(:batch AS uuid) IS NULL OR batch_id = :batch)
        ORDER BY cancel_due_at LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING {COLUMNS}
""")


def due(db: Connection, batch: UUID | None = None) -> list[SnapshotWork]:
    return with_runs(db, rows(db.execute(DUE, {"batch": batch})))


# A job that its row did not wait for: it becomes that row's own where that has ended without one, else a row of its
# own. A job that somebody has under its name is no stray. What was only found by its inputs may be what another row of
# the same runs has just sent, and that one will find it itself.
STRAY = text(f"""
    WITH own AS (
        SELECT s.id, s.request_hash, s.provider FROM vendor_jobs s WHERE s.id = :id AND NOT EXISTS (
            SELECT FROM vendor_jobs known WHERE known.provider = s.provider AND known.external_id = :external_id
        ) AND (:is_sure OR NOT EXISTS (
            SELECT FROM vendor_jobs rival
            WHERE rival.request_hash = :request_hash AND rival.state = '{JobState.SUBMITTING}'
        ))
    ),
    ended AS (
        UPDATE vendor_jobs s SET external_id = :external_id, cancel_due_at = now() FROM own
        WHERE s.id = own.id AND {among("s.state", UNDONE_JOBS)} AND s.external_id IS NULL
        RETURNING s.id
    ),
    apart AS (
        INSERT INTO vendor_jobs (id, batch_id, provider, model_id, location_id, external_id, state, error, deadline,
            maybe_sent_at, ended_at, cancel_due_at)
        SELECT gen_random_uuid(), batch_id, s.provider, model_id, location_id, :external_id, '{JobState.CANCELLED}',
            'it came too late', deadline, maybe_sent_at, now(), now()
        FROM vendor_jobs s JOIN own ON own.id = s.id
        WHERE NOT EXISTS (SELECT FROM ended)
        ON CONFLICT (provider, external_id) DO NOTHING
        RETURNING id
    )
    SELECT id FROM ended UNION ALL SELECT id FROM apart
""")


def stray(db: Connection, work: SnapshotWork, external_id: str, *, is_sure: bool) -> bool:
    """`is_sure`: the vendor gave us this name itself. False: it is nobody's business of ours to cancel it."""
    values = {"id": work.id, "external_id": external_id, "is_sure": is_sure, "request_hash": work.request_hash}
    return db.execute(STRAY, values).first() is not None


DONE = text("""
    UPDATE vendor_jobs SET cancel_due_at = NULL, cancelled_at = CASE WHEN external_id IS NOT NULL THEN now() END
    WHERE id = :id AND cancel_due_at IS NOT NULL AND external_id IS NOT DISTINCT FROM :external_id
    RETURNING id
""")


def done(db: Connection, work: SnapshotWork) -> bool:
    """Cancelled there, or ended; or never found."""
    return db.execute(DONE, {"id": work.id, "external_id": work.external_id}).first() is not None
