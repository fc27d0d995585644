"""When the vendor is asked whether a job's answers are ready."""

from senso.db import Link
from senso.db.statement import Prepared
from senso.queries.vendor_jobs import COLUMNS, JobWork, with_runs
from senso.states import JobKind

# Polls many jobs at once. The next poll is scheduled before this one, so a poll that crashes costs only a little time:
# after a tenth of the job's age, or at the next tick, which comes after a second.
DUE = Prepared(f"""
    UPDATE vendor_jobs s SET next_poll_at = now() + make_interval(secs =>
        least(15, greatest(0.9, 0.1 * extract(epoch FROM now() - s.submitted_at))))
    WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs WHERE state = 'running' AND kind = '{JobKind.QUESTIONS}' AND next_poll_at <= now()
            AND provider = :provider
        ORDER BY next_poll_at LIMIT :most FOR UPDATE SKIP LOCKED
    ))
    RETURNING {COLUMNS}
""")


def due(db: Link, provider: str, most: int) -> list[JobWork]:
    return with_runs(db, DUE.rows(db, {"provider": provider, "most": most}))


# A vendor that asks us to wait is asked about none of its jobs meanwhile; too many such replies block an account.
REST = Prepared("""
    UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs WHERE provider = :provider AND state = 'running'
            AND next_poll_at < now() + make_interval(secs => :seconds)
        ORDER BY id FOR UPDATE SKIP LOCKED
    ))
""")


def rest(db: Link, provider: str, seconds: float) -> None:
    """No job of the provider is polled for that long."""
    REST.rows(db, {"provider": provider, "seconds": seconds})


PUT_OFF = Prepared(f"""
    UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs WHERE state = 'running' AND kind = '{JobKind.QUESTIONS}' AND next_poll_at <= now()
            AND provider = :provider
        ORDER BY id FOR UPDATE SKIP LOCKED
    ))
""")


def put_off(db: Link, provider: str, seconds: float) -> None:
    """Jobs that are due, and whose vendor takes no request for that long."""
    PUT_OFF.rows(db, {"provider": provider, "seconds": seconds})
