"""Stage 3: each answer is read for the org."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso import extraction
from senso.db import DBAPIError, at_once
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.policy import POLICY
from senso.providers import Completion
from senso.queries import evaluations
from senso.queries.evaluations import ReadWork
from senso.states import Outcome
from senso.tasks import readers
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, report, unstorable, wait_seconds
from senso.tasks.handful import Work, side_by_side
from senso.tasks.joint import Joint, kept
from senso.tasks.process import owner
from senso.tasks.reach import complete

readings = Joint(evaluations.save)
LONG_ANSWER = 50_000  # characters: 0.1 s


@stage("extract")
def extract(*run_ids: str, **_: object) -> list[str]:
    """Never raises for a provider's failure: that is a fact in the row, and the chord goes on."""
    side_by_side(tuple(map(UUID, run_ids)), read_each)
    return list(run_ids)


def read_each(runs: Sequence[UUID]) -> list[Work]:
    with at_once() as db:
        reader = readers.reading(db)
        claimed = evaluations.claim(db, runs, owner(), POLICY, reader=reader, prompt_version=extraction.READING_VERSION)
    return list(map(read_now, claimed))


async def read_now(work: ReadWork) -> None:
    bind_contextvars(run=str(work.run_id), batch=str(work.batch_id))
    watch = Stopwatch()
    try:
        with guarded():
            completion = await complete(extraction.prompt(work.answer, work.question, work.org), work.reader)
            reading = await checked(work, completion)
            done = report(Outcome.READ, work.reader.price, completion.usage, watch)
    except (OutsideError, ConfigError) as error:
        await read_failed(work, error, watch)
        return
    failpoint("reading came", work.question)
    row = evaluations.read(work, reading, done, version=extraction.READING_VERSION)
    try:
        await readings(work.batch_id, row)
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        await kept(lambda db: evaluations.fail(db, work, done, reason))


async def checked(work: ReadWork, completion: Completion) -> extraction.Reading:
    """A book of an answer is looked through in a thread, or it would hold up all others of this process."""
    if len(work.answer) < LONG_ANSWER:
        return extraction.checked(work.answer, work.org, completion)
    return await asyncio.to_thread(extraction.checked, work.answer, work.org, completion)


async def read_failed(work: ReadWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    failed = failed_report(error, work.reader.price, watch)
    reason, seconds = str(error), wait_seconds(error, work.failures)
    if seconds is None:
        await kept(lambda db: evaluations.fail(db, work, failed, reason))
        return
    counts = failed.outcome is not Outcome.RATE_LIMITED
    await kept(lambda db: evaluations.put_back(db, work, failed, reason, seconds=seconds, counts_as_failure=counts))
