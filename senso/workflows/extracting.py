"""Stage 3: each answer is read for the org."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso import extraction
from senso.db import DBAPIError, at_once
from senso.errors import ConfigError, Malformed, OutsideError, TooLong, Unavailable, Unforeseen
from senso.failpoints import failpoint
from senso.policy import POLICY
from senso.providers import Completion
from senso.providers.wire.paid import paid
from senso.queries import evaluations
from senso.queries.evaluations import ReadWork
from senso.runtime.call_slots import Work, run_concurrently
from senso.runtime.heartbeat import worker_id
from senso.runtime.save_batching import SaveBatcher, save_in_thread
from senso.runtime.saving import unstorable
from senso.states import Outcome
from senso.workflows import reading_models
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.provider_access import complete
from senso.workflows.retry_policy import wait_seconds

reading_saver = SaveBatcher(evaluations.save)
LONG_ANSWER = 50_000  # characters; checking it takes 0.1 s


def extract(run_ids: Sequence[UUID]) -> None:
    """Never raises for a provider failure: it is recorded in the row, and the chord continues."""
    run_concurrently(run_ids, claim_readings)


def claim_readings(runs: Sequence[UUID]) -> list[Work]:
    with at_once() as db:
        readers = reading_models.readers(db)
        claimed = evaluations.claim(
            db, runs, worker_id(), POLICY, readers=readers, prompt_version=extraction.READING_VERSION
        )
    return list(map(extract_now, claimed))


async def extract_now(work: ReadWork) -> None:
    bind_contextvars(run=str(work.run_id), batch=str(work.batch_id))
    watch = Stopwatch()
    try:
        with guarded():
            prompt = extraction.prompt(work.answer, work.question, work.org)
            completion = await complete(replace(prompt, max_tokens=work.max_tokens), work.reader)
            with paid(work.reader.provider, completion.content, lambda: completion.usage):
                reading = await checked(work, completion)
            done = report(Outcome.READ, work.reader.price, completion.usage, watch)
    except (OutsideError, ConfigError) as error:
        await extraction_failed(work, error, watch)
        return
    failpoint("reading came", work.question)
    row = evaluations.reading_row(work, reading, done, version=extraction.READING_VERSION)
    try:
        await reading_saver.save(work.batch_id, row)
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        await save_in_thread(lambda db: evaluations.fail(db, work, done, reason))


async def checked(work: ReadWork, completion: Completion) -> extraction.Reading:
    """Checks a long answer in a thread, so that it does not block the event loop."""
    if len(work.answer) < LONG_ANSWER:
        return extraction.checked(work.answer, work.org, completion)
    return await asyncio.to_thread(extraction.checked, work.answer, work.org, completion)


def next_reader(work: ReadWork, error: OutsideError | ConfigError) -> int | None:
    """The try of READING_MODELS that is next, where the same one is not waited for any more; None: there is none.

    What was unusable or cut off is read a second time by the same model, with more room, and then by the next; what one
    model refuses it refuses again, and only another may read it. A model that stays away is replaced by the next.
    """
    if isinstance(error, Unforeseen | TooLong):
        return None
    if isinstance(error, Malformed) and work.with_more_room is not None:
        return work.with_more_room
    return work.by_another


async def extraction_failed(work: ReadWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    """What is waited for is tried by the same model; else `next_reader` says who reads it next, and nobody fails it."""
    failed = failed_report(error, work.reader.price, watch)
    seconds = wait_seconds(error, work.failures) if isinstance(error, Unavailable) else None
    reader = next_reader(work, error) if seconds is None else None
    reason = str(error)
    if seconds is None and reader is None:
        await save_in_thread(lambda db: evaluations.fail(db, work, failed, reason))
        return
    counts = seconds is not None and failed.outcome is not Outcome.RATE_LIMITED
    await save_in_thread(
        lambda db: evaluations.put_back(
            db, work, failed, reason, seconds=seconds or 0, counts_as_failure=counts, reader=reader
        )
    )
