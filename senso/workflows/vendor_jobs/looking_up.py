"""Looks up a job that may have been submitted, and does not know the vendor's id of it."""

from collections.abc import Callable
from dataclasses import dataclass

from senso.db import Connection
from senso.errors import ConfigError, LeftAlone, Malformed, OutsideError, RateLimited, Unavailable
from senso.log import logger
from senso.queries import job_cancellations, job_endings, job_lookups, submissions, sweep
from senso.queries.vendor_jobs import JobWork
from senso.runtime.saving import save
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.matching import jobs_like

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Rows:
    """What differs by what the job holds. `submitted`: saves the vendor's id; False if it is another's by now.

    `lost`: notes that nobody knows what became of the request, and whether it is billed.
    """

    submitted: Callable[[Connection, JobWork, str], bool]
    fail: Callable[[Connection, JobWork, str], None]
    lost: Callable[[Connection, JobWork], None] = lambda _db, _work: None


QUESTIONS = Rows(
    submitted=lambda db, work, job: bool(submissions.submitted(db, [(work, job)])),
    fail=lambda db, work, reason: job_endings.fail(db, work, reason, cost_microusd=None, abandoned=True),
)


def look_up(work: JobWork, rows: Rows = QUESTIONS) -> bool:
    """Reads the vendor's list once: the job is adopted, or left for the next look-up.

    False if it does not show the job when the grace is over: the job is to be sent again.
    """
    try:
        found = jobs_like(work)
    except (OutsideError, ConfigError) as error:
        reconcile_failed(work, rows, error)
        return True
    if found:
        adopt(work, rows, found)
    elif work.grace_over:
        return not never_arrived(work, rows)
    else:
        save(lambda db: job_lookups.look_again(db, work))
    return True


def adopt(work: JobWork, rows: Rows, found: list[str]) -> None:
    """Adopts the oldest job. The others were sent while the list did not show that one yet, and are cancelled."""
    if save(lambda db: adopted(db, work, rows, found[0])):
        log.info("a job whose reply was lost is adopted", snapshot=str(work.id), external_id=found[0])
    strays = [job for job in found if save(lambda db, job=job: job_cancellations.stray(db, work, job, is_sure=False))]  # type: ignore[misc]
    if strays:
        log.warning("jobs that nobody waits for are cancelled", snapshot=str(work.id), external_ids=strays)
        cancel_due(work.batch_id)


def adopted(db: Connection, work: JobWork, rows: Rows, external_id: str) -> bool:
    is_ours = rows.submitted(db, work, external_id)
    sweep.count_repairs(db, {"submit adopted": int(is_ours)})
    return is_ours


def never_arrived(work: JobWork, rows: Rows) -> bool:
    """The vendor's list does not show the job. The vendor may have it nevertheless, so it is counted."""
    is_over = save(lambda db: given_up(db, work, rows))
    if is_over:
        log.warning("a job that may have been submitted is sent again", snapshot=str(work.id))
    return is_over


def given_up(db: Connection, work: JobWork, rows: Rows) -> bool:
    is_over = job_lookups.never_arrived(db, work)
    if is_over:
        rows.lost(db, work)
    sweep.count_repairs(db, {"submit unknown": int(is_over)})
    return is_over


def reconcile_failed(work: JobWork, rows: Rows, error: OutsideError | ConfigError) -> None:
    """Only the deadline or a refusal ends the look-ups: they are free, and the job is paid for."""
    if not isinstance(error, LeftAlone):
        log.warning("the vendor's list could not be read", snapshot=str(work.id), error=str(error))
    reason = f"it may have been submitted, and could not be looked up: {error}"
    if not isinstance(error, Unavailable | Malformed):
        save(lambda db: rows.fail(db, work, reason))
        return
    seconds = (wait_seconds(error, 0) or 0) if isinstance(error, RateLimited) else 0
    counts = isinstance(error, Malformed)
    save(lambda db: job_lookups.look_again(db, work, reason, seconds=seconds, counts_as_failure=counts))
