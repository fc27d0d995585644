"""Stage 2 for models that answer later: a vendor's job is polled until its answers are ready."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import UUID

from senso.db import Connection, DBAPIError, may_pass, transaction
from senso.errors import ConfigError, JobFailed, OutsideError, RateLimited, TooLong
from senso.extraction.citations import cite
from senso.log import logger
from senso.policy import POLICY
from senso.prices import cost_microusd
from senso.providers import Answer
from senso.queries import submissions, vendor_jobs
from senso.queries.vendor_jobs import JobWork
from senso.runtime import saving
from senso.states import JobState
from senso.workflows.call_reports import guarded
from senso.workflows.provider_access import job_provider
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs.cancelling import cancel_due

log = logger(__name__)
LOOKERS = 16


class JobSender(Protocol):
    def send_each(self, name: str, ids: Sequence[Any]) -> None: ...


def poll_due(sender: JobSender) -> None:
    """Polls all due jobs concurrently, each in its own transaction."""
    with transaction() as db:
        found = vendor_jobs.due(db, POLICY.jobs_per_poll)
        unsent = submissions.unsubmitted(db, POLICY)
        for work in submissions.unsubmittable(db, POLICY):
            fail_submission(db, work)
    sender.send_each("submit_snapshot", unsent)
    if found:
        with ThreadPoolExecutor(min(LOOKERS, len(found)), "look") as pool:
            list(pool.map(look_safely, found))
    cancel_due()


def fail_submission(db: Connection, work: JobWork) -> None:
    reason, cost = f"{work.provider}: the job could not be submitted", None if work.in_doubt else 0
    vendor_jobs.fail(db, work, reason, cost_microusd=cost, abandoned=work.in_doubt)


def look_safely(work: JobWork) -> None:
    """Never raises: a job that cannot be polled must not delay the others."""
    try:
        look_at(work)
    except Exception as error:  # noqa: BLE001  see the docstring
        log.warning("a look failed", snapshot=str(work.id), error=type(error).__name__)


def look_at(work: JobWork) -> None:
    """Polls a job once: it is collected, failed, given up past its deadline, or left for the next poll."""
    vendor = job_provider(work.provider)
    try:
        with guarded():
            answers = vendor.collect(work.external_id or "", work.runs)
    except (OutsideError, ConfigError) as error:
        poll_failed(work, error)
        return
    if answers is not None:
        saving.save(lambda db: collect(db, work, answers))
    elif work.overdue:
        give_up(work)


def poll_failed(work: JobWork, error: OutsideError | ConfigError) -> None:
    """Before its deadline, the job ends only by JobFailed, or by TooLong: it was paid for, and would be as long again.

    After any other error it is polled again, which is free.
    """
    log.warning("a job could not be looked at", snapshot=str(work.id), error=str(error))
    if isinstance(error, RateLimited):
        seconds = wait_seconds(error, 0) or 0
        saving.save(lambda db: vendor_jobs.rest(db, work.provider, seconds))
    if isinstance(error, TooLong):
        saving.save(lambda db: vendor_jobs.fail(db, work, str(error), cost_microusd=None))
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
        vendor_jobs.ask_again(db, work, [(run, reason, 0) for run in work.run_ids], POLICY)


def collect(db: Connection, work: JobWork, answers: Sequence[Answer]) -> None:
    if not vendor_jobs.close(db, work, JobState.COLLECTED):
        return
    passing = [answer for answer in answers if answer.text is None and not answer.lasts]
    for answer in answers:
        if answer.text is None and answer.lasts:
            save_refusal(db, work, answer)
    answered = save(db, work, [answer for answer in answers if answer.text is not None])
    asked = {"batch": str(work.batch_id), "snapshot": str(work.id), "runs": len(work.runs)}
    log.info("job collected", **asked, answered=len(answered), seconds=round(work.age_seconds))
    vendor_jobs.read_answers(db, work, answered, POLICY.window)
    vendor_jobs.ask_again(db, work, [empty_handed(work, answer) for answer in passing], POLICY)


def empty_handed(work: JobWork, answer: Answer) -> tuple[UUID, str, int | None]:
    """The run, the vendor's reason, and what it cost."""
    reason = f"{work.provider}: {answer.error}"
    return work.asked(answer.number)[0], reason, cost_microusd(work.price, answer.usage)


def save_refusal(db: Connection, work: JobWork, answer: Answer) -> None:
    """Fails the run with the vendor's reason, a text that may be impossible to store, like an answer."""
    try:
        with db.begin_nested():
            fail(db, work, answer, f"{work.provider}: {answer.error}", cost_microusd(work.price, answer.usage))
    except Exception as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        fail(db, work, answer, f"{work.provider}: the reason cannot be stored ({type(error).__name__})", None)


def save(db: Connection, work: JobWork, answers: Sequence[Answer]) -> list[UUID]:
    """Returns the runs to be read now. An answer that cannot be stored fails its own run and no other."""
    try:
        with db.begin_nested():
            rows = [row(work, answer) for answer in answers]
            return vendor_jobs.save_answers(db, rows, age=work.age_seconds) if rows else []
    except Exception as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        if len(answers) > 1:
            return [run for answer in answers for run in save(db, work, [answer])]
        fail(db, work, answers[0], f"{work.provider}: the answer cannot be stored ({type(error).__name__})", None)
        return []


def row(work: JobWork, answer: Answer) -> dict[str, Any]:
    found, cost = cite(answer.sources).citations, cost_microusd(work.price, answer.usage)
    return vendor_jobs.collected(work, answer, found, cost_microusd=cost)


def fail(db: Connection, work: JobWork, answer: Answer, reason: str, cost: int | None) -> None:
    vendor_jobs.fail_run(db, work.asked(answer.number)[0], reason, cost_microusd=cost)
