"""Vendor jobs that no batch waits for any more: a row marks each as to be cancelled at the vendor, until it is."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.statement import Prepared
from senso.queries.vendor_jobs import COLUMNS, JobWork, with_runs
from senso.states import UNDONE_JOBS, JobState, among

# The next try is scheduled before this one, as with a poll. Tries stop after a day: by then the job has ended anyway.
DUE = Prepared(f"""
    UPDATE vendor_jobs s SET cancel_due_at = now() + make_interval(secs =>
        least(900, greatest(10, 0.5 * extract(epoch FROM now() - s.ended_at))))
    WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs WHERE cancel_due_at <= now() AND ended_at > now() - interval '1 day'
            AND (CAST(:batch AS uuid) IS NULL OR batch_id = :batch) AND provider <> ALL(CAST(:left_alone AS text[]))
        ORDER BY cancel_due_at LIMIT 200 FOR UPDATE SKIP LOCKED
    ))
    RETURNING {COLUMNS}
""")


def due(db: Connection, batch: UUID | None = None, left_alone: Sequence[str] = ()) -> list[JobWork]:
    """`left_alone`: providers that take no cancellations now."""
    return with_runs(db, DUE.rows(db, {"batch": batch, "left_alone": list(left_alone)}))


# Records a vendor job that its row did not wait for: in that row if it ended without a vendor id, else in a new row. A
# job whose id is already in a row is not stray. A job that was found only by its inputs may have been sent just now by
# another row with the same runs, which will find it itself.
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
        INSERT INTO vendor_jobs (id, batch_id, kind, provider, model_id, location_id, external_id, state, error,
            deadline, maybe_sent_at, ended_at, cancel_due_at)
        SELECT gen_random_uuid(), batch_id, kind, s.provider, model_id, location_id, :external_id,
            '{JobState.CANCELLED}', 'it came too late', deadline, maybe_sent_at, now(), now()
        FROM vendor_jobs s JOIN own ON own.id = s.id
        WHERE NOT EXISTS (SELECT FROM ended)
        ON CONFLICT (provider, external_id) DO NOTHING
        RETURNING id
    )
    SELECT id FROM ended UNION ALL SELECT id FROM apart
""")


def stray(db: Connection, work: JobWork, external_id: str, *, is_sure: bool) -> bool:
    """`is_sure`: the vendor returned this id to us. False: the job is or may be another row's; do not cancel it."""
    values = {"id": work.id, "external_id": external_id, "is_sure": is_sure, "request_hash": work.request_hash}
    return db.execute(STRAY, values).first() is not None


DONE = text("""
    UPDATE vendor_jobs SET cancel_due_at = NULL, cancelled_at = CASE WHEN external_id IS NOT NULL THEN now() END
    WHERE id = :id AND cancel_due_at IS NOT NULL AND external_id IS NOT DISTINCT FROM :external_id
    RETURNING id
""")


def done(db: Connection, work: JobWork) -> bool:
    """Called when the job was cancelled at the vendor, had ended, or was never found."""
    return db.execute(DONE, {"id": work.id, "external_id": work.external_id}).first() is not None
