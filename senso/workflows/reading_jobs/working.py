"""What a job of readings needs now: to be submitted, looked up at its vendor, or looked at."""

from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Unavailable
from senso.log import logger
from senso.policy import POLICY
from senso.queries import job_cancellations, reading_jobs, submissions, sweep
from senso.queries.models import Reader
from senso.queries.vendor_jobs import JobWork
from senso.runtime.heartbeat import worker_id
from senso.runtime.saving import save
from senso.states import JobState
from senso.workflows import reading_models
from senso.workflows.reading_jobs import collecting
from senso.workflows.reading_jobs.submitting import end_unread, submit
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.matching import jobs_like
from senso.workflows.vendor_jobs.submitting import given_up

log = logger(__name__)


def work_on(job: UUID) -> None:
    """Does nothing for a job that has ended, or that another worker has claimed."""
    with transaction() as db:
        readers = reading_models.readers(db)
        found = reading_jobs.load(db, job)
    if found is None:
        return
    state, work = found
    try:
        if state is JobState.RUNNING:
            collecting.look_at(work, readers)
        else:
            go_on(work, readers)
    except ConfigError as error:
        reason, abandoned = str(error), work.in_doubt
        save(lambda db: end_unread(db, work, reason, abandoned=abandoned))


def go_on(work: JobWork, readers: Sequence[Reader]) -> None:
    claimed = save(lambda db: reading_jobs.claim(db, work.id, worker_id(), POLICY))
    if claimed is not None:
        look_up(claimed, readers) if claimed.in_doubt else submit(claimed, readers)
    elif is_hopeless(work):
        reason = f"{work.provider}: the readings could not be submitted"
        save(lambda db: end_unread(db, work, reason, abandoned=work.in_doubt))


def is_hopeless(work: JobWork) -> bool:
    """As the claim sees it: a job in doubt may fail as often again, by its look-ups."""
    return work.overdue or work.failures >= POLICY.most_failures * (2 if work.in_doubt else 1)


def look_up(work: JobWork, readers: Sequence[Reader]) -> None:
    """Reads the vendor's list once: the batch is adopted, left for the next look-up or, after the grace, sent again."""
    try:
        found = jobs_like(work)
    except OutsideError as error:
        look_up_failed(work, error)
        return
    if found:
        adopt(work, found)
    elif not work.grace_over:
        save(lambda db: submissions.look_again(db, work))
    elif save(lambda db: given_up(db, work)):
        log.warning("readings that may have been submitted are sent again", job=str(work.id))
        go_on(work, readers)


def adopt(work: JobWork, found: Sequence[str]) -> None:
    """The oldest one. Others with this mark are cancelled: nobody waits for them."""
    if save(lambda db: adopted(db, work, found[0])):
        log.info("readings whose reply was lost are adopted", job=str(work.id), external_id=found[0])
    for stray in found[1:]:
        save(lambda db, stray=stray: job_cancellations.stray(db, work, stray, is_sure=True))  # type: ignore[misc]
    if found[1:]:
        cancel_due(work.batch_id)


def adopted(db: Connection, work: JobWork, external_id: str) -> bool:
    is_ours = reading_jobs.submitted(db, work, external_id)
    sweep.count_repairs(db, {"submit adopted": int(is_ours)})
    return is_ours


def look_up_failed(work: JobWork, error: OutsideError) -> None:
    """Look-ups are free, and the batch may be paid for: only a refusal ends them, or the deadline."""
    reason = f"it may have been submitted, and could not be looked up: {error}"
    log.warning("the vendor's list could not be read", job=str(work.id), error=str(error))
    if not isinstance(error, Unavailable | Malformed):
        save(lambda db: end_unread(db, work, reason, abandoned=True))
        return
    seconds = (wait_seconds(error, 0) or 0) if isinstance(error, RateLimited) else 0
    counts = isinstance(error, Malformed)
    save(lambda db: submissions.look_again(db, work, reason, seconds=seconds, counts_as_failure=counts))
