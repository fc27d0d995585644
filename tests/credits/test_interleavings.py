"""The same operations from several threads at once, their statements mixed anew by each seed."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import pytest
from credit_operations import QUESTIONS, Crash, Operations, crashing, together
from credit_sampler import sampled
from sqlalchemy import event

from senso.db import engine, transaction
from senso.db.statement import Prepared
from senso.errors import SensoError, Unreachable
from senso.policy import POLICY
from senso.queries import differences, invariants
from senso.states import FinishedBy

SEEDS = int(os.environ.get("INTERLEAVINGS", "6"))
FIRST = int(os.environ.get("SEED", "1"))
THREADS, OPERATIONS = 5, 8
LONGEST_PAUSE = 0.003
NAMED = ("grant", "trigger", "open", "work", "work", "finish", "cancel", "retry", "overdue", "move", "crash")


@dataclass
class Mixed:
    """`order`: which thread sent each statement, in the order in which they were sent."""

    seed: int
    order: list[int] = field(default_factory=list)
    chance: threading.local = field(default_factory=threading.local)
    unreachable: list[str] = field(default_factory=list)

    def pause(self) -> None:
        number = getattr(self.chance, "number", None)
        if number is not None:
            time.sleep(self.chance.random.random() * LONGEST_PAUSE)
            self.order.append(number)

    def begin(self, number: int) -> Random:
        self.chance.number, self.chance.random = number, Random(f"{self.seed} {number}")
        return self.chance.random


@contextmanager
def mixing(mixed: Mixed) -> Iterator[None]:
    """Before each of its statements a thread waits for a moment that the seed says."""
    sent = Prepared.sent

    def paused(self: Prepared, *given: object) -> object:
        mixed.pause()
        return sent(self, *given)

    def before(*_: object) -> None:
        mixed.pause()

    event.listen(engine(), "before_cursor_execute", before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Prepared, "sent", paused)
        yield
    event.remove(engine(), "before_cursor_execute", before)


class Actor:
    """A thread's operations, chosen by its seed."""

    def __init__(self, there: Operations, mixed: Mixed, number: int) -> None:
        self.there, self.mixed, self.number = there, mixed, number

    def __call__(self) -> None:
        chance = self.mixed.begin(self.number)
        for _ in range(OPERATIONS):
            what = chance.choice(NAMED)
            try:
                self.do(what, chance)
            except Unreachable as error:  # a deadlock, which whoever called resolves by calling again
                self.mixed.unreachable.append(str(error))
            except SensoError:
                pass  # refused: it has ended, was cancelled, has nothing to be asked again

    def do(self, what: str, chance: Random) -> None:
        there, org = self.there, chance.choice(self.there.orgs)
        if what == "grant":
            there.grant(
                chance.choice(there.partners), chance.randint(1, 3), f"{self.mixed.seed} {chance.randint(0, 4)}"
            )
        elif what == "trigger":
            there.trigger(org, reopen=chance.random() < 0.7)
        elif what == "move":
            there.move(org, chance.choice(there.partners))
        elif batches := list(there.rows().batches):
            batch = chance.choice(sorted(batches))
            self.of_batch(what, chance)(batch)

    def of_batch(self, what: str, chance: Random) -> Callable[..., None]:
        there = self.there
        return {
            "open": there.open,
            "work": lambda batch: self.work(batch, chance),
            "finish": lambda batch: there.finish(batch, chance.choice(list(FinishedBy))),
            "cancel": there.cancel,
            "retry": there.retry,
            "overdue": there.overdue,
            "crash": lambda batch: self.crash(batch, chance),
        }[what]

    def work(self, batch, chance: Random) -> None:
        self.there.open(batch)
        for work in self.there.ask(batch, failing=chance.choice((0, 0, 1))):
            chance.choice((self.there.read, self.there.read, self.there.fail))(work)
        self.there.finish(batch)

    def crash(self, batch, chance: Random) -> None:
        with suppress(Crash), crashing():
            getattr(self.there, chance.choice(("open", "finish", "cancel", "retry")))(batch)


def settle(there: Operations) -> None:
    """All that is open ends."""
    for batch, (state, _) in there.rows().batches.items():
        if state in {"queued", "running", "blocked"}:
            there.cancel(batch)


def test_in_any_interleaving_no_credit_is_spent_twice(make, database, capsys):
    orders, deadlocks, statements, charges = set(), 0, 0, 0
    with sampled(database) as sampler:
        for seed in range(FIRST, FIRST + SEEDS):
            there, mixed = Operations(make), Mixed(seed)
            there.grant(there.partners[0], 2 * QUESTIONS - 1, f"first {seed}")
            for org in there.orgs:
                there.trigger(org)
            with mixing(mixed):
                together([Actor(there, mixed, number) for number in range(THREADS)])
            settle(there)
            rows = there.rows()
            charges += sum(key.startswith("charge") for key in rows.ledger)
            assert sum(moved for key, moved in rows.ledger.items() if key.startswith(("hold", "release"))) == 0, seed
            orders.add(tuple(mixed.order))
            assert all("deadlock" in said for said in mixed.unreachable), seed
            deadlocks, statements = deadlocks + len(mixed.unreachable), statements + len(mixed.order)
            with transaction() as db:
                assert differences.differences(db, None, None) == ([], 0), seed

    with transaction() as db:
        of_credits = [check for check in invariants.CHECKS if check.promise == "I3"]
        assert invariants.broken(db, POLICY, 500, only=of_credits) == {}
    assert there.calls_of_unopened() == 0
    with capsys.disabled():
        print(
            f"\n{len(orders)} interleavings of {statements} statements of {THREADS} threads, {charges} charges, "
            f"{deadlocks} deadlocks; {sampler.looks} looks, least available {sampler.least}"
        )
    assert (len(orders), sampler.wrong) == (SEEDS, 0)
    assert sampler.least >= 0
    assert charges > 0
