"""Stage 2 for models that answer later: a job is submitted to its vendor, once.

The vendor has no idempotency keys. A request may have created a job although its reply was lost or its process died:
such a row is in doubt. It is looked up in the vendor's own list before anything is sent again.
"""

from dataclasses import replace
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Unavailable
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.queries import job_cancellations, submissions, sweep, vendor_jobs
from senso.queries.vendor_jobs import JobWork
from senso.runtime.heartbeat import worker_id
from senso.runtime.saving import save
from senso.states import JobState
from senso.workflows.call_reports import Stopwatch, failed_report, guarded
from senso.workflows.provider_access import job_provider
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.matching import jobs_like

log = logger(__name__)
# Wait before the first look-up in the vendor's list after a reply was lost.
LOOK_SECONDS = 2


def submit(job: UUID) -> None:
    """Claims and commits; then looks up a job that may have been sent, or sends one that certainly was not."""
    with transaction() as db:
        work = submissions.claim(db, job, worker_id(), POLICY)
    if work is not None:
        attempt(work)


def attempt(work: JobWork) -> None:
    try:
        look_up(work) if work.in_doubt else submit_now(work)
    except ConfigError as error:
        reason = str(error)
        save(lambda db: vendor_jobs.fail(db, work, reason, abandoned=work.in_doubt))


def submit_now(work: JobWork) -> None:
    vendor = job_provider(work.provider)
    work = without_too_long(work, vendor.longest_question)
    if not work.runs:
        save(lambda db: vendor_jobs.close(db, work, JobState.FAILED, "no question is left to ask"))
        return
    if not save(lambda db: submissions.sending(db, work, vendor.fingerprint(work.runs), POLICY)):
        return
    failpoint("job about to be sent")
    try:
        with guarded():
            job = vendor.submit(work.runs)
    except (OutsideError, ConfigError) as error:
        submission_failed(work, error)
        return
    failpoint("job submitted")
    save_name(work, job)


def without_too_long(work: JobWork, longest: int) -> JobWork:
    """Fails the questions that the vendor would refuse, so that they do not fail the whole job."""
    fitting = [place for place, run in enumerate(work.runs) if len(run.question) <= longest]
    reason = f"{work.provider}: the question is longer than {longest} characters"
    for place in set(range(len(work.runs))) - set(fitting):
        run = work.run_ids[place]
        save(lambda db, run=run: vendor_jobs.fail_run(db, run, reason))  # type: ignore[misc]
    runs = tuple(work.runs[place] for place in fitting)
    return replace(work, runs=runs, run_ids=tuple(work.run_ids[place] for place in fitting))


def save_name(work: JobWork, external_id: str) -> None:
    if save(lambda db: submissions.submitted(db, work, external_id)):
        return
    if save(lambda db: job_cancellations.stray(db, work, external_id, is_sure=True)):
        log.warning("a job came too late and is cancelled", snapshot=str(work.id), external_id=external_id)
        cancel_due(work.batch_id)


def submission_failed(work: JobWork, error: OutsideError | ConfigError) -> None:
    log.warning("a job was not accepted", snapshot=str(work.id), error=str(error))
    failed = failed_report(error, work.price, Stopwatch())
    if may_have_arrived(error):
        unknown = replace(failed, cost_microusd=None)
        save(
            lambda db: submissions.put_back(
                db, work, str(error), unknown, POLICY, seconds=LOOK_SECONDS, counts_as_failure=True, in_doubt=True
            )
        )
        return
    seconds = wait_seconds(error, work.failures)
    if seconds is None:
        save(lambda db: vendor_jobs.fail(db, work, str(error), cost_microusd=failed.cost_microusd))
        return
    save(
        lambda db: submissions.put_back(
            db, work, str(error), failed, POLICY, seconds=seconds, counts_as_failure=False, in_doubt=False
        )
    )


def may_have_arrived(error: OutsideError | ConfigError) -> bool:
    """False for a 4xx. True for no reply, a gateway or server error, or a reply without the job's name."""
    return isinstance(error, Unavailable | Malformed) and not isinstance(error, RateLimited)


def look_up(work: JobWork) -> None:
    """Reads the vendor's list once: the job is adopted, left for the next look-up or, after the grace, sent again."""
    try:
        found = jobs_like(work)
    except OutsideError as error:
        reconcile_failed(work, error)
        return
    if found:
        adopt(work, found)
    elif work.grace_over:
        send_again(work)
    else:
        save(lambda db: submissions.look_again(db, work))


def adopt(work: JobWork, found: list[str]) -> None:
    """Adopts the oldest job. The others were sent while the list did not show that one yet, and are cancelled."""
    if save(lambda db: adopted(db, work, found[0])):
        log.info("a job whose reply was lost is adopted", snapshot=str(work.id), external_id=found[0])
    strays = [job for job in found if save(lambda db, job=job: job_cancellations.stray(db, work, job, is_sure=False))]  # type: ignore[misc]
    if strays:
        log.warning("jobs that nobody waits for are cancelled", snapshot=str(work.id), external_ids=strays)
        cancel_due(work.batch_id)


def adopted(db: Connection, work: JobWork, external_id: str) -> bool:
    is_ours = submissions.submitted(db, work, external_id)
    sweep.count_repairs(db, {"submit adopted": int(is_ours)})
    return is_ours


def send_again(work: JobWork) -> None:
    """The vendor's list does not show the job. The vendor may have it nevertheless, so it is counted."""
    if save(lambda db: given_up(db, work)):
        log.warning("a job that may have been submitted is sent again", snapshot=str(work.id))
        submit(work.id)


def given_up(db: Connection, work: JobWork) -> bool:
    is_over = submissions.never_arrived(db, work)
    sweep.count_repairs(db, {"submit unknown": int(is_over)})
    return is_over


def reconcile_failed(work: JobWork, error: OutsideError) -> None:
    """Only the deadline or a refusal ends the look-ups: they are free, and the job is paid for."""
    log.warning("the vendor's list could not be read", snapshot=str(work.id), error=str(error))
    reason = f"it may have been submitted, and could not be looked up: {error}"
    if not isinstance(error, Unavailable | Malformed):
        save(lambda db: vendor_jobs.fail(db, work, reason, cost_microusd=None, abandoned=True))
        return
    seconds = (wait_seconds(error, 0) or 0) if isinstance(error, RateLimited) else 0
    counts = isinstance(error, Malformed)
    save(lambda db: submissions.look_again(db, work, reason, seconds=seconds, counts_as_failure=counts))
