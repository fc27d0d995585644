"""Stage 2 for models that answer later: a vendor's jobs are polled until their answers are ready.

What one look finds ready of a batch is collected in one transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from threading import BoundedSemaphore
from typing import Any, Protocol

from senso.db import Connection, transaction
from senso.errors import ConfigError, JobFailed, LeftAlone, OutsideError, RateLimited, TooLong
from senso.job_budget.counting import Verdict
from senso.log import logger
from senso.policy import POLICY
from senso.providers import Answer
from senso.queries import job_endings, job_places, job_polling, reading_jobs, submissions, vendor_jobs
from senso.queries.submissions import Unsubmitted
from senso.queries.vendor_jobs import JobWork
from senso.registry import JOB_PROVIDERS
from senso.runtime import saving
from senso.runtime.joint_results import joint_results
from senso.states import JobRequest, JobState
from senso.workflows.call_reports import guarded
from senso.workflows.provider_access import job_provider
from senso.workflows.vendor_jobs import permission
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.collecting import collect_safely

log = logger(__name__)
LOOKERS = 16
# How many batches are saved at a time: the first are read while the others are still saved.
SAVED_AT_ONCE = 4
saving_now = BoundedSemaphore(SAVED_AT_ONCE)
# Of polling in one tick.
ROUNDS = 5


class JobSender(Protocol):
    def send_each(self, name: str, ids: Sequence[Any]) -> None: ...
    def send_groups(self, name: str, ids: Sequence[Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What the vendor said about a job: its answers, why there are none, or neither, because they are not ready."""

    work: JobWork
    answers: Sequence[Answer] | None = None
    error: OutsideError | ConfigError | None = None


def poll_rounds(sender: JobSender) -> None:
    """Goes on while jobs were due: others have become so meanwhile, and the next tick may be a second away."""
    for _ in range(ROUNDS):
        if not poll_due(sender):
            break


def poll_due(sender: JobSender) -> bool:
    """Whether a job was due."""
    to_poll, to_submit = (all_verdicts(kind) for kind in (JobRequest.POLL, JobRequest.SUBMIT))
    with transaction() as db:
        job_places.admit_due(db, POLICY)
        found = [work for provider, verdict in to_poll.items() for work in due_at(db, provider, verdict)]
        unsent = [job for provider, verdict in to_submit.items() for job in unsubmitted_at(db, provider, verdict)]
        for work in submissions.unsubmittable(db, POLICY):
            fail_submission(db, work)
        that_read = reading_jobs.due(db, POLICY)
    send_unsubmitted(sender, unsent)
    sender.send_each("read_by_job", that_read)
    if found:
        poll(found)
    cancel_due()
    return bool(found)


def all_verdicts(kind: JobRequest) -> dict[str, Verdict]:
    return {provider: permission.look(provider, kind) for provider in JOB_PROVIDERS}


def due_at(db: Connection, provider: str, verdict: Verdict) -> list[JobWork]:
    most = permission.room(verdict, POLICY.jobs_per_poll)
    if most:
        return job_polling.due(db, provider, most)
    if verdict.seconds:
        job_polling.put_off(db, provider, verdict.seconds)
    return []


def unsubmitted_at(db: Connection, provider: str, verdict: Verdict) -> list[Unsubmitted]:
    most = permission.room(verdict, POLICY.jobs_per_poll)
    if most:
        return submissions.unsubmitted(db, provider, most, POLICY)
    if verdict.seconds:
        job_places.rest(db, provider, verdict.seconds)
    return []


def fail_submission(db: Connection, work: JobWork) -> None:
    reason, cost = f"{work.provider}: the job could not be submitted", None if work.in_doubt else 0
    job_endings.fail(db, work, reason, cost_microusd=cost, abandoned=work.in_doubt)


def send_unsubmitted(sender: JobSender, found: Sequence[Unsubmitted]) -> None:
    """A job that has failed before is sent alone: it may have killed its worker, and would do so with others."""
    sender.send_groups("submit_snapshot", [one.id for one in found if not one.failures])
    sender.send_each("submit_snapshot", [one.id for one in found if one.failures])


def poll(works: Sequence[JobWork]) -> None:
    """Looks at all jobs concurrently. Each batch is collected by itself, as soon as its jobs have been looked at."""
    with ThreadPoolExecutor(LOOKERS, "look") as lookers, ThreadPoolExecutor(LOOKERS, "collect") as collectors:
        list(collectors.map(partial(poll_batch, lookers), by_batch(works)))


def by_batch(works: Iterable[JobWork]) -> Iterator[list[JobWork]]:
    ordered = sorted(works, key=lambda work: work.batch_id)
    return (list(found) for _, found in groupby(ordered, key=lambda work: work.batch_id))


def poll_batch(lookers: Executor, works: Sequence[JobWork]) -> None:
    for looks in joint_results(lookers, look_at, works):
        ready = [(look.work, look.answers) for look in looks if look.answers is not None]
        if ready:
            with saving_now:
                collect_safely(ready)
        for look in looks:
            if look.answers is None:
                go_on_safely(look)


def look_at(work: JobWork) -> Look:
    try:
        with guarded():
            return Look(work, job_provider(work.provider).collect(work.external_id or "", work.runs))
    except (OutsideError, ConfigError) as error:
        return Look(work, error=error)


def go_on_safely(look: Look) -> None:
    """Never raises: a job that cannot be polled must not delay the others."""
    try:
        go_on(look)
    except Exception as error:  # noqa: BLE001  see the docstring
        log.warning("a look failed", snapshot=str(look.work.id), error=type(error).__name__)


def go_on(look: Look) -> None:
    """Without answers, a job is failed, given up past its deadline, or left for the next poll."""
    if look.error is not None:
        poll_failed(look.work, look.error)
    elif look.work.overdue:
        give_up(look.work)


def poll_failed(work: JobWork, error: OutsideError | ConfigError) -> None:
    """Before its deadline, the job ends only by JobFailed, or by TooLong: it was paid for, and would be as long again.

    After any other error it is polled again, which is free. A vendor that asks us to wait may have the answers: its job
    is not given up for that, and when it is asked again is known to the gate of its requests.
    """
    if not isinstance(error, LeftAlone):
        log.warning("a job could not be looked at", snapshot=str(work.id), error=str(error))
    if isinstance(error, RateLimited):
        return
    if isinstance(error, TooLong):
        saving.save(lambda db: job_endings.fail(db, work, str(error), cost_microusd=None))
    elif isinstance(error, JobFailed):
        saving.save(lambda db: ask_all_again(db, work, str(error)))
    elif work.overdue:
        give_up(work)


def give_up(work: JobWork) -> None:
    reason = f"{work.provider}: no answer within {work.age_seconds / 60:.0f} minutes"
    saving.save(lambda db: ask_all_again(db, work, reason, abandoned=True))
    cancel_due(work.batch_id)


def ask_all_again(db: Connection, work: JobWork, reason: str, *, abandoned: bool = False) -> None:
    """In another job, as far as tries are left; does nothing if another worker closed this one."""
    if vendor_jobs.close(db, work, JobState.FAILED, reason, abandoned=abandoned):
        cost = None if abandoned else 0
        job_endings.ask_again(db, work, [(run, reason, cost) for run in work.run_ids], POLICY)
