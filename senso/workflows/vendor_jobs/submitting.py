"""Stage 2 for models that answer later: jobs are submitted to their vendor, each once.

The vendor has no idempotency keys. A request may have created a job although its reply was lost or its process died:
such a row is in doubt. It is looked up in the vendor's own list before anything is sent again.

The jobs of a message are claimed, announced and saved together: three commits for all of them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

from senso.db import DBAPIError, transaction
from senso.errors import ConfigError, LeftAlone, Malformed, OutsideError, RateLimited, Unavailable
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.providers import JobProvider
from senso.queries import job_cancellations, job_endings, submissions, vendor_jobs
from senso.queries.vendor_jobs import JobWork
from senso.runtime.joint_results import joint_results
from senso.runtime.saving import save, save_at_once
from senso.states import JobRequest, JobState
from senso.workflows.call_reports import Stopwatch, failed_report, guarded
from senso.workflows.claiming import claim_jobs
from senso.workflows.provider_access import job_provider
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs import permission
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.looking_up import look_up

log = logger(__name__)
# Wait before the first look-up in the vendor's list after a reply was lost.
LOOK_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Request:
    """`mark`: the fingerprint of what is sent."""

    work: JobWork
    vendor: JobProvider
    mark: str


Reply = str | OutsideError | ConfigError  # the vendor's id of the job, or why there is none


def submit(jobs: Sequence[UUID]) -> None:
    """Claims and commits; then sends the jobs that certainly were not sent, and looks up those that may have been.

    Jobs without a place at their vendor, or that it takes no request for now, stay as they are: a tick sends them.
    """
    rooms = permission.rooms(JobRequest.SUBMIT, len(jobs))
    with transaction() as db:
        claimed = claim_jobs(db, jobs, rooms)
    send_all([work for work in claimed if not work.in_doubt])
    never_arrived = [work.id for work in claimed if work.in_doubt and not look_up(work)]
    if never_arrived:
        submit(never_arrived)


def send_all(works: Sequence[JobWork]) -> None:
    """Sends all at once, so that each request ends before its lease does."""
    requests = [request for work in works if (request := request_for(work)) is not None]
    to_send = announced(requests)
    if not to_send:
        return
    failpoint("job about to be sent")
    with ThreadPoolExecutor(len(to_send), "submit") as pool:
        for replies in joint_results(pool, send, to_send):
            save_replies(replies)


def request_for(work: JobWork) -> Request | None:
    """None if nothing can be sent: the job has ended with that."""
    try:
        vendor = job_provider(work.provider)
        work = without_too_long(work, vendor.longest_question)
        if work.runs:
            return Request(work, vendor, vendor.fingerprint(work.runs))
        save(lambda db: vendor_jobs.close(db, work, JobState.FAILED, "no question is left to ask"))
    except ConfigError as error:
        reason = str(error)
        save(lambda db: job_endings.fail(db, work, reason))
    return None


def without_too_long(work: JobWork, longest: int) -> JobWork:
    """Fails the questions that the vendor would refuse, so that they do not fail the whole job."""
    fitting = [place for place, run in enumerate(work.runs) if len(run.question) <= longest]
    reason = f"{work.provider}: the question is longer than {longest} characters"
    for place in set(range(len(work.runs))) - set(fitting):
        run = work.run_ids[place]
        save(lambda db, run=run: job_endings.fail_run(db, run, reason))  # type: ignore[misc]
    runs = tuple(work.runs[place] for place in fitting)
    return replace(work, runs=runs, run_ids=tuple(work.run_ids[place] for place in fitting))


def announced(requests: Sequence[Request]) -> list[Request]:
    """Records that they are about to be sent. Leaves out those that this worker may not send any more."""
    if not requests:
        return []
    pairs = [(one.work, one.mark) for one in requests]
    ours = save_at_once(lambda db: submissions.sending(db, pairs, POLICY))
    return [one for one in requests if one.work.id in ours]


def send(request: Request) -> tuple[JobWork, Reply]:
    try:
        with guarded():
            return request.work, request.vendor.submit(request.work.runs)
    except (OutsideError, ConfigError) as error:
        return request.work, error


def save_replies(replies: Sequence[tuple[JobWork, Reply]]) -> None:
    named = [(work, reply) for work, reply in replies if isinstance(reply, str)]
    if named:
        failpoint("job submitted")
        save_names(named)
    for work, reply in replies:
        if not isinstance(reply, str):
            submission_failed(work, reply)


def save_names(named: Sequence[tuple[JobWork, str]]) -> None:
    saved = saved_names(named)
    for work, external_id in named:
        if work.id not in saved:
            came_too_late(work, external_id)


def saved_names(named: Sequence[tuple[JobWork, str]]) -> set[UUID]:
    """The jobs whose names were saved; what cannot be saved together, such as a name that comes twice, one by one."""
    try:
        return save_at_once(lambda db: submissions.submitted(db, named))
    except DBAPIError:
        if len(named) == 1:
            raise
    return {job for one in named for job in saved_names([one])}


def came_too_late(work: JobWork, external_id: str) -> None:
    if save(lambda db: job_cancellations.stray(db, work, external_id, is_sure=True)):
        log.warning("a job came too late and is cancelled", snapshot=str(work.id), external_id=external_id)
        cancel_due(work.batch_id)


def submission_failed(work: JobWork, error: OutsideError | ConfigError) -> None:
    if not isinstance(error, LeftAlone):
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
        save(lambda db: job_endings.fail(db, work, str(error), cost_microusd=failed.cost_microusd))
        return
    save(
        lambda db: submissions.put_back(
            db, work, str(error), failed, POLICY, seconds=seconds, counts_as_failure=False, in_doubt=False
        )
    )


def may_have_arrived(error: OutsideError | ConfigError) -> bool:
    """False for a 4xx. True for no reply, a gateway or server error, or a reply without the job's name."""
    return isinstance(error, Unavailable | Malformed) and not isinstance(error, RateLimited)
