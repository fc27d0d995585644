"""Jobs in doubt: which of the vendor's jobs are in no row, and what a look-up without a result changes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.lease import RELEASED
from senso.queries.vendor_jobs import JobWork

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
