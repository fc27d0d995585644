"""Stage 3: each answer is read: for the org that asked, or for all orgs of a network that are ready, by one call.

A call judges the places where an org is named. It asks nothing about an org whose names do not occur, but for a share
of them that shows what the rule misses.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso import supplied
from senso.db import DBAPIError, at_once
from senso.errors import ConfigError, Malformed, OutsideError, Refused, TooLong, Unavailable, Unforeseen
from senso.extraction import Reading
from senso.failpoints import failpoint
from senso.providers import Completion, Prompt
from senso.providers.wire.paid import paid
from senso.queries import evaluation_endings
from senso.queries.evaluations import ReadWork
from senso.queries.runs import Report
from senso.runtime.call_slots import Work, groups, run_concurrently
from senso.runtime.save_batching import SaveBatcher, save_in_thread
from senso.runtime.saving import unstorable
from senso.states import Outcome, Purpose
from senso.workflows import answer_reading, claiming, limiting, prompt_versions, reading_models
from senso.workflows.call_reports import Stopwatch, divided, failed_report, guarded, outcome_of, report
from senso.workflows.provider_access import complete
from senso.workflows.retry_policy import wait_seconds

T = TypeVar("T")
reading_saver = SaveBatcher(evaluation_endings.save)
LONG_ANSWER = 50_000  # characters; checking it takes 0.1 s
# A call for so many orgs has as much room again for its output.
ORGS_PER_ROOM = 3


def extract(run_ids: Sequence[UUID]) -> None:
    """Never raises for a provider failure: it is recorded in the row, and the chord continues."""
    run_concurrently(run_ids, claim_readings)


def claim_readings(runs: Sequence[UUID]) -> list[Work]:
    """A piece of work for each call."""
    return [call for works in alike(claim_answers(runs), lambda work: work.run_id) for call in calls_for(works)]


def claim_answers(runs: Sequence[UUID]) -> list[ReadWork]:
    with at_once() as db:
        return claiming.claim_readings(db, runs, reading_models.readers(db), prompt_versions.in_use())


def alike(works: Iterable[ReadWork], key: Callable[[ReadWork], object]) -> list[list[ReadWork]]:
    found: dict[object, list[ReadWork]] = {}
    for work in works:
        found.setdefault(key(work), []).append(work)
    return list(found.values())


def calls_for(works: Sequence[ReadWork]) -> list[Work]:
    """`works`: of one answer. Those that are to be read by the same model, with the same room, are read together."""
    same = alike(works, lambda work: (work.reader.provider, work.reader.name, work.max_tokens))
    return [call for some in same for call in calls_together(some)]


def calls_together(works: Sequence[ReadWork]) -> list[Work]:
    """Orgs whose names do not occur need no reading of their own: they are with the first call.

    What one call for several could not read is read by a call for each.
    """
    most = supplied.orgs_per_reading()
    asked = [work for work in works if answer_reading.is_asked(work)]
    chosen = {work.id for work in asked}
    by_rule = [work for work in works if work.id not in chosen]
    if most > 1 and works[0].place == 0:
        first, *more = list(groups(asked, most)) or [[]]
        return [read_together(first, by_rule), *(read_together(some, []) for some in more)]
    alone = [read_together([work], []) for work in asked]
    return [*([read_together([], by_rule)] if by_rule else []), *alone]


async def read_together(asked: Sequence[ReadWork], by_rule: Sequence[ReadWork]) -> None:
    """One call reads the answer for the orgs of `asked`. Its cost is divided among all."""
    works, watch = [*asked, *by_rule], Stopwatch()
    lead = works[0]
    bind_contextvars(run=str(lead.run_id), batch=str(lead.asked_by))
    found: Sequence[Reading | OutsideError | ConfigError]
    try:
        with guarded():
            with before_call(lead):
                prompt = answer_reading.prompt(asked, by_rule)
            completion = await asked_of(lead, with_room(prompt, lead, len(asked)))
            with paid(lead.reader.provider, completion.content, lambda: completion.usage):
                found = await aside(lead, lambda: answer_reading.readings(completion, asked, by_rule))
            done = report(Outcome.READ, lead.reader.price, completion.usage, watch)
    except (OutsideError, ConfigError) as error:
        done, found = failed_report(error, lead.reader.price, watch), [error] * len(works)
    shares = divided(done, len(works), lead.call_id)
    several = len(asked) > 1
    await asyncio.gather(*(settle(*one, several=several) for one in zip(works, found, shares, strict=True)))


async def asked_of(work: ReadWork, prompt: Prompt) -> Completion:
    call = complete(prompt, work.reader)
    return await limiting.counted(Purpose.READ, work.run_id, work.reader.provider, work.reader.name, call)


def before_call(work: ReadWork) -> AbstractContextManager[None]:
    return limiting.before_call(Purpose.READ, work.run_id, work.reader.provider, work.reader.name)


def with_room(prompt: Prompt, work: ReadWork, orgs: int) -> Prompt:
    return replace(prompt, max_tokens=work.max_tokens * (1 + orgs // ORGS_PER_ROOM))


async def settle(work: ReadWork, found: Reading | OutsideError | ConfigError, share: Report, *, several: bool) -> None:
    """`several`: the call was about more than one org, so that what it could not do a call for each may."""
    if isinstance(found, Reading):
        await save(work, found, share)
        return
    alone = work.with_more_room if several and isinstance(found, Malformed | Refused) else None
    await extraction_failed(work, found, replace(share, outcome=outcome_of(found)), otherwise=alone)


async def save(work: ReadWork, reading: Reading, done: Report) -> None:
    failpoint("reading came", work.question)
    row = evaluation_endings.reading_row(work, reading, done, version=work.version)
    try:
        await reading_saver.save(work.asked_by, row)
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        await save_in_thread(lambda db: evaluation_endings.fail(db, work, done, reason))


async def aside(work: ReadWork, check: Callable[[], T]) -> T:
    """Checks a long answer in a thread, so that it does not block the event loop."""
    return check() if len(work.answer) < LONG_ANSWER else await asyncio.to_thread(check)


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


async def extraction_failed(
    work: ReadWork, error: OutsideError | ConfigError, failed: Report, *, otherwise: int | None = None
) -> None:
    """What is waited for is tried by the same model; else `next_reader` says who reads it next, and nobody fails it.

    `otherwise`: the try that is next where `next_reader` says nobody.
    """
    is_down = isinstance(error, Unavailable) and limiting.is_down(work.reader.provider, work.reader.name)
    seconds = wait_seconds(error, 0 if is_down else work.failures) if isinstance(error, Unavailable) else None
    reader = next_reader(work, error) if seconds is None else None
    reader = otherwise if seconds is None and reader is None else reader
    reason = str(error)
    if seconds is None and reader is None:
        await save_in_thread(lambda db: evaluation_endings.fail(db, work, failed, reason))
        return
    counts = seconds is not None and failed.outcome is not Outcome.RATE_LIMITED and not is_down
    await save_in_thread(
        lambda db: evaluation_endings.put_back(
            db, work, failed, reason, seconds=seconds or 0, counts_as_failure=counts, reader=reader
        )
    )
