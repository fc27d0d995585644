"""Reads the planned answers again: claims some, calls for them at the same time, and saves what was read."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso.db import Bare, DBAPIError, at_once, together
from senso.errors import ConfigError, OutsideError, SensoError, Unavailable
from senso.extraction import Reading
from senso.failpoints import failpoint
from senso.policy import POLICY
from senso.providers.wire.paid import paid
from senso.queries import ceilings as cost
from senso.queries import rereadings as rows
from senso.queries.evaluations import ReadWork
from senso.queries.models import Model, Reader
from senso.queries.reevaluations import Reevaluation
from senso.queries.rereadings import Waiting
from senso.queries.runs import Report
from senso.runtime.call_slots import Work, run_concurrently
from senso.runtime.heartbeat import worker_id
from senso.runtime.save_batching import SaveBatcher, save_in_thread
from senso.runtime.saving import unstorable
from senso.states import Outcome, Purpose
from senso.workflows import answer_reading, ceilings, claiming, limiting, reading_models
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.extracting import aside, next_reader
from senso.workflows.limiting import CHARACTERS_A_TOKEN, Wish
from senso.workflows.provider_access import complete
from senso.workflows.retry_policy import wait_seconds

saver = SaveBatcher(rows.save)
# Answers of a claim, and threads that claim: while the calls of one end, others are under way.
CLAIMED_AT_ONCE = 25
THREADS = 8
# How often it is looked whether something is due that was put off, or put back by another thread.
LOOK_SECONDS = 0.25
LONGEST_LOOK_SECONDS = 2.0


class Held(SensoError):
    """A pause or a ceiling of cost lets no call begin."""


@dataclass
class Rereader:
    """Reads all rows of `of`. `tell`: called after each group, by any of its threads."""

    of: Reevaluation
    tell: Callable[[], None]
    turn: threading.Lock = field(default_factory=threading.Lock)  # to look for work
    stopping: threading.Event = field(default_factory=threading.Event)

    def work_off(self) -> None:
        """Until nothing is left. Raises Held, or the first error of a thread; calls under way end first."""
        with ThreadPoolExecutor(THREADS, "reread") as threads:
            begun: list[Future[None]] = [threads.submit(self.feed) for _ in range(THREADS)]
            try:
                wait(begun, return_when=FIRST_EXCEPTION)
            finally:
                self.stopping.set()
        for one in begun:
            one.result()

    def feed(self) -> None:
        while not self.stopping.is_set():
            claimed: list[ReadWork] = []
            run_concurrently(range(CLAIMED_AT_ONCE), partial(self.begin, claimed))
            if claimed:
                self.tell()
            elif not self.is_more():
                return

    def begin(self, claimed: list[ReadWork], places: Sequence[int]) -> list[Work]:
        """`claimed`: gets what was claimed. `places`: as many as there are slots for calls."""
        with self.turn:
            works = claim(self.of, len(places))
        claimed.extend(works)
        return [read(self.of, work) for work in works]

    def is_more(self) -> bool:
        """Whether anything is left; waits a moment then. Raises Held."""
        with at_once() as db:
            left = rows.left(db, self.of.id)
        if not left.open:
            return False
        if left.open == left.due and is_held(self.of):
            raise Held(f"{left.open} answers wait: a pause or a ceiling of cost lets no call begin (senso status)")
        self.stopping.wait(min(LONGEST_LOOK_SECONDS, max(LOOK_SECONDS, left.next_seconds or 0)))
        return True


def is_held(of: Reevaluation) -> bool:
    """Of an order of which all that is left is due."""
    with at_once() as db:
        return not rows.waiting(db, of.id, reading_models.readers(db), 1)


def claim(of: Reevaluation, most: int) -> list[ReadWork]:
    with at_once() as db:
        readers = reading_models.readers(db)
        allowed, found = allow(db, of, rows.waiting(db, of.id, readers, most), readers)
        if not allowed:
            return []
        with limiting.claiming(Purpose.REREAD, allowed) as claimed:
            works = claim_what_fits(db, of, found, readers)
            claimed((work.id, work.reader.provider, work.reader.name) for work in works)
    return works


def model_of(one: Waiting, readers: Sequence[Reader]) -> Model:
    return readers[min(one.reader, len(readers) - 1)].model


def allow(
    db: Bare, of: Reevaluation, found: Sequence[Waiting], readers: Sequence[Reader]
) -> tuple[limiting.Allowed, list[Waiting]]:
    """What the limits of the models let begin; the others are put off."""
    groups: dict[str, tuple[Model, list[Wish]]] = {}
    for one in found:
        model = model_of(one, readers)
        wish = Wish(one.id, one.characters // CHARACTERS_A_TOKEN, one.has_waited)
        groups.setdefault(model.said, (model, []))[1].append(wish)
    allowed: limiting.Allowed = {}
    for model, wishes in groups.values():
        ready, late = limiting.allow(Purpose.REREAD, model.provider, model.name, model.limits, wishes)
        allowed |= ready
        if late:
            seconds, reasons = [one.seconds for one in late], [one.reason for one in late]
            rows.put_off(db, of.id, [one.id for one in late], seconds, reasons)
    return allowed, [one for one in found if one.id in allowed]


def claim_what_fits(db: Bare, of: Reevaluation, found: Sequence[Waiting], readers: Sequence[Reader]) -> list[ReadWork]:
    def claim_these(ids: Sequence[UUID]) -> list[ReadWork]:
        return rows.claim(db, of.id, ids, worker_id(), POLICY, readers=readers, version=of.prompt_version)

    if not ceilings.in_effect(db):
        return claim_these([one.id for one in found])
    with together(db), ceilings.room(db) as left:
        candidates = [claiming.reading(one.id, one.partner_id, model_of(one, readers), Purpose.REREAD) for one in found]
        each = ceilings.fitting(left, candidates)
        works = claim_these(list(each)) if each else []
        cost.reserve(db, {work.call_id: each[work.id] for work in works})
    return works


async def read(of: Reevaluation, work: ReadWork) -> None:
    bind_contextvars(run=str(work.run_id))
    watch = Stopwatch()
    try:
        with guarded():
            reading, done = await asked(work, watch)
    except (OutsideError, ConfigError) as error:
        await failed(of.id, work, error, failed_report(error, work.reader.price, watch))
        return
    await save(of, work, reading, done)


async def asked(work: ReadWork, watch: Stopwatch) -> tuple[Reading, Report]:
    provider, name = work.reader.provider, work.reader.name
    with limiting.before_call(Purpose.REREAD, work.id, provider, name):
        prompt = replace(answer_reading.prompt(*answer_reading.alone(work)), max_tokens=work.max_tokens)
    call = complete(prompt, work.reader)
    completion = await limiting.counted(Purpose.REREAD, work.id, provider, name, call)
    with paid(provider, completion.content, lambda: completion.usage):
        reading = await aside(work, lambda: answer_reading.reading(completion, work))
    return reading, report(Outcome.READ, work.reader.price, completion.usage, watch)


async def save(of: Reevaluation, work: ReadWork, reading: Reading, done: Report) -> None:
    failpoint("reading came", work.question)
    try:
        await saver.save(of.id, rows.row(of.id, work, reading, done))
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        await save_in_thread(lambda db: rows.fail(db, of.id, work, done, reason))


async def failed(of: UUID, work: ReadWork, error: OutsideError | ConfigError, report_: Report) -> None:
    """As for a first reading: waited for, read by the next of READING_MODELS, or given up."""
    is_down = isinstance(error, Unavailable) and limiting.is_down(work.reader.provider, work.reader.name)
    seconds = wait_seconds(error, 0 if is_down else work.failures) if isinstance(error, Unavailable) else None
    reader = next_reader(work, error) if seconds is None else None
    reason = str(error)
    if seconds is None and reader is None:
        await save_in_thread(lambda db: rows.fail(db, of, work, report_, reason))
        return
    counted = seconds is not None and report_.outcome is not Outcome.RATE_LIMITED and not is_down
    await save_in_thread(
        lambda db: rows.put_back(
            *(db, of, work, report_, reason), seconds=seconds or 0, counted=counted, policy=POLICY, reader=reader
        )
    )
