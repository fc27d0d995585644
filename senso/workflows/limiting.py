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
Allowed = dict[UUID, tuple[Allowance, Permit]]


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
    found = {one.run: (allowance, permit) for one, permit in zip(wishes, taken.permits, strict=False)}
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
    """The answers of which a reading may be claimed now; the others are put off."""
    groups: dict[str, tuple[Model, list[Wish]]] = {}
    for one in limited.answers_to_read(db, runs, POLICY):
        model = readers[min(one.reader, len(readers) - 1)].model
        wish = Wish(one.run_id, one.characters // CHARACTERS_A_TOKEN, one.has_waited)
        groups.setdefault(model.said, (model, []))[1].append(wish)
    found: Allowed = {}
    late: list[PutOff] = []
    for model, wishes in groups.values():
        allowed, more = allow(Purpose.READ, model.provider, model.name, model.limits, wishes)
        found |= allowed
        late += more
    if late:
        limited.put_off_readings(db, late)
    return found


def allow_first_readings(answers: Sequence[Mapping[str, Any]], model: Model) -> tuple[Allowed, list[PutOff]]:
    """Of answers that are being saved; `answers`: of `runs.answer_row`."""
    wishes = [Wish(one["id"], len(one["text"]) // CHARACTERS_A_TOKEN, has_waited=False) for one in answers]
    return allow(Purpose.READ, model.provider, model.name, model.limits, wishes)


class Hand:
    """Permits of calls that are claimed and have not begun, by what they are for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.permits: dict[tuple[Purpose, UUID], list[tuple[Allowance, Permit]]] = {}

    def put(self, purpose: Purpose, run: UUID, held: tuple[Allowance, Permit]) -> None:
        with self.lock:
            self.permits.setdefault((purpose, run), []).append(held)

    def take(self, purpose: Purpose, run: UUID) -> tuple[Allowance, Permit] | None:
        with self.lock:
            found = self.permits.get((purpose, run))
            if not found:
                return None
            held = found.pop()
            if not found:
                del self.permits[purpose, run]
            return held


hand = Hand()


def claimed(purpose: Purpose, allowed: Allowed, runs: Iterable[UUID]) -> None:
    """Keeps the permits of `runs`, which were claimed, for their calls; the others are returned."""
    left = dict(allowed)
    for run in set(runs):
        if run in left:
            hand.put(purpose, run, left.pop(run))
    refund(left)


@contextmanager
def claiming(purpose: Purpose, allowed: Allowed) -> Iterator[Callable[[Iterable[UUID]], None]]:
    """Yields what takes the runs that were claimed. Without a claim all permits are returned."""
    done = False

    def take(runs: Iterable[UUID]) -> None:
        nonlocal done
        claimed(purpose, allowed, runs)
        done = True

    try:
        yield take
    finally:
        if not done:
            refund(allowed)


def refund(allowed: Allowed) -> None:
    for allowance, permit in allowed.values():
        allowance.refund([permit])


async def counted(purpose: Purpose, run: UUID, provider: str, model: str, call: Awaitable[T]) -> T:
    """Makes the call and settles it, however it ends. A call that nobody allowed counts all the same."""
    held = hand.take(purpose, run)
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
