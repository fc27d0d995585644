"""Saves what vendor jobs have brought: the answers of one batch's jobs in one transaction, to be read by one chord."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from senso.db import Connection, DBAPIError, may_pass
from senso.errors import SensoError
from senso.extraction.citations import cite
from senso.log import logger
from senso.policy import POLICY
from senso.prices import cost_microusd
from senso.providers import Answer
from senso.queries import job_answers, job_endings, vendor_jobs
from senso.queries.vendor_jobs import JobWork
from senso.runtime import saving
from senso.states import JobState

log = logger(__name__)
Brought = tuple[JobWork, Sequence[Answer]]
Pair = tuple[JobWork, Answer]


def collect_safely(brought: Sequence[Brought]) -> None:
    """Never raises. Of jobs that cannot be saved together each is saved alone: one must not hold up the others."""
    try:
        saving.save(lambda db: collect(db, brought))
    except Exception as error:  # noqa: BLE001  see the docstring
        if len(brought) > 1 and not isinstance(error, SensoError):
            for one in brought:
                collect_safely([one])
            return
        jobs = [str(work.id) for work, _ in brought]
        log.warning("jobs could not be collected", snapshots=jobs, error=type(error).__name__)


def collect(db: Connection, brought: Sequence[Brought]) -> None:
    """`brought`: of one batch. Jobs that another worker has closed are left out."""
    closed = vendor_jobs.close_all(db, [work for work, _ in brought], JobState.COLLECTED)
    ours = {work.id for work in closed}
    pairs = [(work, answer) for work, answers in brought if work.id in ours for answer in answers]
    for work, answer in pairs:
        if answer.text is None and answer.lasts:
            save_refusal(db, work, answer)
    to_read = save(db, [(work, answer) for work, answer in pairs if answer.text is not None])
    job_answers.read_answers(db, closed, to_read, POLICY.window)
    for work in closed:
        told = [answer for asked, answer in pairs if asked is work]
        passing = [answer for answer in told if answer.text is None and not answer.lasts]
        job_endings.ask_again(db, work, [empty_handed(work, answer) for answer in passing], POLICY)
        asked = {"batch": str(work.batch_id), "snapshot": str(work.id), "runs": len(work.runs)}
        answered = sum(answer.text is not None for answer in told)
        log.info("job collected", **asked, answered=answered, seconds=round(work.age_seconds))


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


def save(db: Connection, pairs: Sequence[Pair]) -> list[UUID]:
    """Returns the runs to be read now. An answer that cannot be stored fails its own run and no other."""
    if not pairs:
        return []
    try:
        with db.begin_nested():
            return job_answers.save_answers(db, [row(work, answer) for work, answer in pairs])
    except Exception as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        if len(pairs) > 1:
            return [run for pair in pairs for run in save(db, [pair])]
        ((work, answer),) = pairs
        fail(db, work, answer, f"{work.provider}: the answer cannot be stored ({type(error).__name__})", None)
        return []


def row(work: JobWork, answer: Answer) -> dict[str, Any]:
    found, cost = cite(answer.sources).citations, cost_microusd(work.price, answer.usage)
    return job_answers.collected(work, answer, found, cost_microusd=cost)


def fail(db: Connection, work: JobWork, answer: Answer, reason: str, cost: int | None) -> None:
    job_endings.fail_run(db, work.asked(answer.number)[0], reason, cost_microusd=cost)
