"""Reads labelled answers by a model, as answers of orgs are read: a call for each brand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from senso import extraction
from senso.db import at_once
from senso.errors import ConfigError, OutsideError
from senso.evaluation.labelled import Label, Labelled
from senso.evaluation.reading import Read, read, watched
from senso.prices import assumed_usage, cost_microusd
from senso.providers import READING_TOKENS
from senso.queries import evaluation_calls
from senso.queries.models import Model
from senso.queries.runs import Report
from senso.states import Outcome, Purpose
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.provider_access import complete

CALLS_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class ByModel:
    """`reads`: None where the call failed. `cost_microusd`: of all calls whose cost is known."""

    reads: list[list[Read | None]]
    cost_microusd: int
    errors: dict[str, int]


def estimate_microusd(model: Model, pairs: int) -> int | None:
    """What reading so many pairs may cost. None: the price is not known."""
    each = cost_microusd(model.price, assumed_usage(Purpose.EVAL, by_job=False))
    return None if each is None else each * pairs


async def read_by_model(answers: Sequence[Labelled], model: Model) -> ByModel:
    found = ByModel([], 0, {})
    places = asyncio.Semaphore(CALLS_AT_A_TIME)
    waiting = [[one(places, of, label, model) for label in of.labels] for of in answers]
    for group in waiting:
        ended = await asyncio.gather(*group)
        found.reads.append([done.read for done in ended])
        found = replace(found, cost_microusd=found.cost_microusd + sum(done.cost_microusd for done in ended))
        for error in filter(None, (done.error for done in ended)):
            found.errors[error] = found.errors.get(error, 0) + 1
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    read: Read | None
    cost_microusd: int
    error: str | None


async def one(places: asyncio.Semaphore, of: Labelled, label: Label, model: Model) -> Ended:
    async with places:
        call_id = await asyncio.to_thread(begun, model)
        watch, org = Stopwatch(), watched(label)
        try:
            with guarded():
                prompt = extraction.prompt(of.answer.text, of.answer.question, [org])
                completion = await complete(replace(prompt, max_tokens=READING_TOKENS), model)
                done = report(Outcome.READ, model.price, completion.usage, watch)
                reading = read(extraction.checked(of.answer.text, org, completion), of.answer, label)
        except (OutsideError, ConfigError) as error:
            failed = failed_report(error, model.price, watch)
            await asyncio.to_thread(ended, call_id, failed, str(error))
            return Ended(None, failed.cost_microusd or 0, str(error))
        await asyncio.to_thread(ended, call_id, done, None)
        return Ended(reading, done.cost_microusd or 0, None)


def begun(model: Model) -> int:
    with at_once() as db:
        return evaluation_calls.begin(db, model, extraction.READING_VERSION)


def ended(call_id: int, how: Report, error: str | None) -> None:
    with at_once() as db:
        evaluation_calls.end(db, call_id, how, error)
