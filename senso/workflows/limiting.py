"""Calls keep to the limits of their models: allowed before they are claimed, settled when they have ended."""

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from senso.db import Link
from senso.limits.allowance import Allowance
from senso.limits.outcomes import GOOD, ended
from senso.limits.permit import Permit
from senso.limits.process import allowances
from senso.policy import POLICY
from senso.providers import Limits, Usage
from senso.queries import limited
from senso.queries.limited import PutOff
from senso.queries.models import Model, Reader
from senso.states import WAITS_FOR, BreakerState, Purpose

CHARACTERS_A_TOKEN = 4
Held = tuple[Allowance, Permit]
Allowed = dict[UUID, list[Held]]


class Billed(Protocol):
    @property
    def usage(self) -> Usage: ...


T = TypeVar("T", bound=Billed)


@dataclass(frozen=True, slots=True)
class Wish:
    """A call for a run that a message would make. `size`: tokens that are known before."""

    run: UUID
    size: int
    has_waited: bool


def allow(
    purpose: Purpose, provider: str, model: str, limits: Limits, wishes: Sequence[Wish]
) -> tuple[Allowed, list[PutOff]]:
    """`wishes`: those that have waited first. What may be called, and what is to be put off."""
    allowance = allowances.of(provider, model)
    back = sum(one.has_waited for one in wishes)
    taken = allowance.take(purpose, [one.size for one in wishes], limits, back)
    found: Allowed = {}
    for one, permit in zip(wishes, taken.permits, strict=False):
        found.setdefault(one.run, []).append((allowance, permit))
    late = wishes[len(taken.permits) :]
    reason = f"{WAITS_FOR}{provider} {model}, {why(taken.why, limits)}"
    return found, [PutOff(one.run, wait, reason) for one, wait in zip(late, taken.waits, strict=True)]


def why(cause: str | None, limits: Limits) -> str:
    """Without a moment: the row has one."""
    reasons = {
        "breaker": "whose breaker is open",
        "time": "which asked to be left alone",
        "redis": "a small rate while Redis is away",
        "places": f"{limits.max_in_flight} calls at a time",
        "tokens": f"{limits.tpm} tokens a minute",
        "requests": f"{limits.rpm} requests a minute",
    }
    return reasons.get(cause or "", reasons["requests" if limits.rpm else "tokens"])


def allow_runs(db: Link, wanted: Sequence[UUID]) -> tuple[Allowed, set[UUID]]:
    """The runs of a message that may be asked now, and those that were put off."""
    groups: dict[tuple[str, str, Limits], list[Wish]] = {}
    for one in limited.runs_to_ask(db, wanted, POLICY):
        groups.setdefault((one.provider, one.model, one.limits), []).append(Wish(one.id, 0, one.has_waited))
    found: Allowed = {}
    late: list[PutOff] = []
    for (provider, model, limits), wishes in groups.items():
        allowed, more = allow(Purpose.ASK, provider, model, limits, wishes)
        found |= allowed
        late += more
    if late:
        limited.put_off_runs(db, late)
    return found, {one.id for one in late}


def allow_readings(db: Link, runs: Sequence[UUID], readers: Sequence[Reader]) -> Allowed:
    """The answers of which a reading may be claimed now; the others are put off.

    All readings of an answer are claimed, so all their models must allow it.
    """
    groups: dict[str, tuple[Model, list[Wish]]] = {}
    for one in limited.answers_to_read(db, runs, POLICY, readers):
        model = readers[min(one.reader, len(readers) - 1)].model
        wish = Wish(one.run_id, one.characters // CHARACTERS_A_TOKEN, one.has_waited)
        groups.setdefault(model.said, (model, []))[1].append(wish)
    found: Allowed = {}
    late: dict[UUID, PutOff] = {}
    for model, wishes in groups.values():
        allowed, more = allow(Purpose.READ, model.provider, model.name, model.limits, wishes)
        for run, held in allowed.items():
            found.setdefault(run, []).extend(held)
        late |= {one.id: one for one in more if one.id not in late or late[one.id].seconds < one.seconds}
    refund({run: found.pop(run) for run in late.keys() & found.keys()})
    if late:
        limited.put_off_readings(db, list(late.values()))
    return found


def allow_first_readings(answers: Sequence[Mapping[str, Any]], model: Model) -> tuple[Allowed, list[PutOff]]:
    """Of answers that are being saved; `answers`: of `runs.answer_row`."""
    wishes = [Wish(one["id"], len(one["text"]) // CHARACTERS_A_TOKEN, has_waited=False) for one in answers]
    return allow(Purpose.READ, model.provider, model.name, model.limits, wishes)


class Hand:
    """Permits of calls that are claimed and have not begun, by what they are for and the model they are for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.permits: dict[tuple[Purpose, UUID, str, str], list[Held]] = {}

    def put(self, purpose: Purpose, run: UUID, held: Held) -> None:
        with self.lock:
            self.permits.setdefault((purpose, run, held[0].provider, held[0].model), []).append(held)

    def take(self, purpose: Purpose, run: UUID, provider: str, model: str) -> Held | None:
        with self.lock:
            found = self.permits.get((purpose, run, provider, model))
            if not found:
                return None
            held = found.pop()
            if not found:
                del self.permits[purpose, run, provider, model]
            return held


hand = Hand()


Call = tuple[UUID, str, str]  # the run, the provider, the model's name there


def claimed(purpose: Purpose, allowed: Allowed, calls: Iterable[Call]) -> None:
    """Keeps the permits of `calls`, which were claimed, until they begin; the others are returned."""
    wanted = set(calls)
    left: Allowed = {}
    for run, permits in allowed.items():
        for held in permits:
            if (run, held[0].provider, held[0].model) in wanted:
                hand.put(purpose, run, held)
            else:
                left.setdefault(run, []).append(held)
    refund(left)


@contextmanager
def claiming(purpose: Purpose, allowed: Allowed) -> Iterator[Callable[[Iterable[Call]], None]]:
    """Yields what takes the calls that were claimed. Without a claim all permits are returned."""
    done = False

    def take(calls: Iterable[Call]) -> None:
        nonlocal done
        claimed(purpose, allowed, calls)
        done = True

    try:
        yield take
    finally:
        if not done:
            refund(allowed)


def refund(allowed: Allowed) -> None:
    for held in allowed.values():
        for allowance, permit in held:
            allowance.refund([permit])


@contextmanager
def before_call(purpose: Purpose, run: UUID, provider: str, model: str) -> Iterator[None]:
    """What fails before a claimed call begins returns its permit."""
    try:
        yield
    except BaseException:
        if held := hand.take(purpose, run, provider, model):
            refund({run: [held]})
        raise


async def counted(purpose: Purpose, run: UUID, provider: str, model: str, call: Awaitable[T]) -> T:
    """Makes the call and settles it, however it ends. A call that nobody allowed counts all the same."""
    held = hand.take(purpose, run, provider, model)
    allowance = held[0] if held else allowances.of(provider, model)
    permit = held[1] if held else allowance.overdraw(purpose, 0)
    try:
        found = await call
    except BaseException as error:
        allowances.settle(allowance, permit, ended(error), tokens_of(getattr(error, "usage", None)))
        raise
    allowances.settle(allowance, permit, GOOD, tokens_of(found.usage))
    return found


def tokens_of(usage: object) -> int | None:
    """None where the provider counts none."""
    return usage.tokens_in + usage.tokens_out or None if isinstance(usage, Usage) else None


def is_down(provider: str, model: str) -> bool:
    """Whether the model's breaker is not closed: then a failed call tells of the vendor, not of its run."""
    return allowances.of(provider, model).state != BreakerState.CLOSED


def seconds_shut(provider: str, model: str) -> float:
    """For how long nobody may call the model, by its breaker or its own wish; 0: it may be called."""
    return allowances.of(provider, model).seconds_shut()
