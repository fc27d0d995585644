"""Cancels vendor jobs that are no longer needed: they would count against the vendor's limit.

`cancel_due_at` stays set until the vendor accepts the cancel or reports that the job has ended; a tick looks at it.
"""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, LeftAlone, OutsideError
from senso.log import logger
from senso.queries import job_cancellations, sweep
from senso.queries.vendor_jobs import JobWork
from senso.runtime.saving import save
from senso.states import JobRequest
from senso.workflows.call_reports import guarded
from senso.workflows.provider_access import jobs_at
from senso.workflows.vendor_jobs import permission
from senso.workflows.vendor_jobs.matching import jobs_like

log = logger(__name__)
CANCELLERS = 8


def cancel_due(batch: UUID | None = None) -> None:
    """Cancels the due jobs of one batch, or of all, concurrently and independently of each other."""
    left_alone = permission.left_alone(JobRequest.CANCEL)
    with transaction() as db:
        found = job_cancellations.due(db, batch, left_alone)
    if found:
        with ThreadPoolExecutor(min(CANCELLERS, len(found)), "cancel") as pool:
            list(pool.map(cancel_safely, found))


def cancel_safely(work: JobWork) -> None:
    """Never raises: a job that cannot be cancelled must not delay the others. Its next try is scheduled already."""
    try:
        cancel(work)
    except LeftAlone:
        return
    except (OutsideError, ConfigError) as error:
        log.warning("an abandoned job could not be cancelled", snapshot=str(work.id), error=str(error))
    except Exception as error:  # noqa: BLE001  see the docstring
        log.warning("an abandoned job could not be cancelled", snapshot=str(work.id), error=type(error).__name__)


def cancel(work: JobWork) -> None:
    if work.external_id is None:
        search(work)
        return
    vendor = jobs_at(work.provider)
    with guarded():
        vendor.cancel(work.external_id)
    save(lambda db: job_cancellations.done(db, work))


def search(work: JobWork) -> None:
    """For a job that was in doubt when its batch ended. What is found is due at once: the next tick cancels it."""
    found = jobs_like(work)
    if found:
        save(lambda db: [job_cancellations.stray(db, work, job, is_sure=False) for job in found])
    elif work.grace_over:
        save(lambda db: given_up(db, work))


def given_up(db: Connection, work: JobWork) -> None:
    is_over = job_cancellations.done(db, work)
    sweep.count_repairs(db, {"submit unknown": int(is_over)})
