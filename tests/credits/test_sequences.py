"""Random sequences of whatever moves credits, compared step by step with a model that knows only the rules."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import hypothesis
import pytest
from credit_operations import QUESTIONS, Crash, Operations, crashing, crashing_half_way
from factories import Org
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from senso.db import transaction
from senso.errors import ConfigError
from senso.queries import differences
from senso.queries.evaluations import ReadWork

SEQUENCES, STEPS = int(os.environ.get("SEQUENCES", "15")), int(os.environ.get("STEPS", "30"))
SEED = os.environ.get("SEED")
CRASHES = ("grant", "trigger", "open", "finish", "half way", "cancel", "retry", "expire")
index = st.integers(0, 7)


@dataclass
class Planned:
    """A batch as the rules want it. `work`: by run, open, done or failed; `hands`: who may still report about a run."""

    id: UUID
    org: Org
    price: int
    day: int
    state: str = "queued"
    episode: int = 1
    opened: bool = False
    overdue: bool = False
    payer: UUID | None = None
    work: dict[UUID, str] = field(default_factory=dict)
    hands: dict[UUID, ReadWork] = field(default_factory=dict)

    def open_work(self) -> list[UUID]:
        return [run for run, state in self.work.items() if state == "open"]

    def undone(self) -> list[UUID]:
        return [run for run, state in self.work.items() if state == "failed"]

    def at_work(self) -> bool:
        return self.state == "running" and self.opened


class Rules:
    """What must be so after each operation: an implementation of the rules in the plainest way, in memory."""

    def __init__(self, there: Operations) -> None:
        self.there = there
        self.available: dict[UUID, int | None] = dict(zip(there.partners, (0, 0, None), strict=True))
        self.payers = {org.id: org.partner for org in there.orgs[:3]} | {there.orgs[3].id: there.partners[0]}
        self.ledger: dict[str, int] = {}
        self.batches: dict[UUID, Planned] = {}
        self.blocked = 0

    def move(self, partner: UUID, key: str, credits_moved: int) -> None:
        if key in self.ledger:
            return
        self.ledger[key] = credits_moved
        have = self.available[partner]
        if have is not None:
            self.available[partner] = have + credits_moved

    def can_pay(self, partner: UUID, credits_wanted: int) -> bool:
        have = self.available[partner]
        return have is None or have >= credits_wanted

    def triggered(self, batch: UUID, org: Org, price: int, day: int, *, reopen: bool) -> None:
        found = self.batches.setdefault(batch, Planned(batch, org, price, day))
        if found.state == "blocked":
            self.queue(found, found.episode)
        elif found.state == "cancelled" and reopen:
            self.queue(found, found.episode + 1)

    def queue(self, batch: Planned, episode: int) -> None:
        batch.state, batch.episode, batch.opened, batch.overdue = "queued", episode, False, False

    def admitted(self) -> None:
        for batch in self.batches.values():
            batch.state = "running" if batch.state == "queued" else batch.state

    def opened(self, batch: Planned) -> None:
        self.admitted()
        if batch.state != "running" or batch.opened:
            return
        again = batch.undone()
        if batch.work and not again:
            self.end(batch)
            return
        count = len(again) if batch.work else QUESTIONS
        payer = self.payers[batch.org.id]
        if not self.can_pay(payer, count * batch.price):
            batch.state = "blocked"
            self.blocked += 1
            return
        batch.payer, batch.opened = payer, True
        self.move(payer, f"hold:{batch.id}:{batch.episode}", -count * batch.price)
        batch.work = batch.work or dict.fromkeys(self.there.make.runs(batch.id), "open")
        batch.work |= dict.fromkeys(again, "open")

    def asked(self, batch: Planned, works: list[ReadWork]) -> None:
        assert batch.at_work() or not works
        for work in works:
            assert batch.work[work.run_id] == "open"
            assert work.run_id not in batch.hands
            batch.hands[work.run_id] = work

    def reported(self, work: ReadWork, state: str) -> None:
        batch = self.batches[work.batch_id]
        if batch.hands.get(work.run_id) is work:
            del batch.hands[work.run_id]
            batch.work[work.run_id] = state

    def finished(self, batch: Planned) -> None:
        if batch.at_work() and (batch.overdue or not batch.open_work()):
            self.end(batch)

    def end(self, batch: Planned, state: str | None = None) -> None:
        batch.work = {run: "failed" if was == "open" else was for run, was in batch.work.items()}
        batch.hands.clear()
        hold, release = f"hold:{batch.id}:{batch.episode}", f"release:{batch.id}:{batch.episode}"
        if hold in self.ledger:
            self.move(batch.payer, release, -self.ledger[hold])
            for run, was in batch.work.items():
                if was == "done":
                    self.move(batch.payer, f"charge:{run}:{batch.org.id}", -batch.price)
        done = sum(was == "done" for was in batch.work.values())
        batch.state = state or ("completed" if done == len(batch.work) else "partial" if done else "failed")

    def cancelled(self, batch: Planned) -> bool:
        """Whether it may be."""
        if batch.state in {"completed", "partial", "failed"}:
            return False
        if batch.at_work() and not batch.open_work():
            self.end(batch)
        elif batch.state != "cancelled":
            self.end(batch, "cancelled")
        return True

    def retried(self, batch: Planned) -> bool:
        if batch.state not in {"partial", "failed", "cancelled"} or (batch.work and not batch.undone()):
            return False
        self.queue(batch, batch.episode + 1)
        return True

    def expired(self, day: int) -> None:
        for batch in self.batches.values():
            if batch.state == "blocked" and batch.day < day:
                batch.state = "cancelled"


@dataclass
class Counted:
    sequences: int = 0
    steps: int = 0
    crashes: int = 0
    blocked: int = 0
    charges: int = 0
    least: int = 10**9


class Sequence(RuleBasedStateMachine):
    """`make`, `environment` and `counted` are set by the test."""

    make = environment = None
    counted = Counted()

    @initialize()
    def begin(self) -> None:
        self.there = Operations(self.make)
        self.rules = Rules(self.there)
        self.day, self.each, self.hand, self.refs = 0, 1, [], {}
        self.there.price(self.environment, 1)
        self.there.day(self.environment, 0)
        self.counted.sequences += 1
        self.grant(0, 2 * QUESTIONS, 6, again=False)
        self.grant(1, QUESTIONS - 1, 7, again=False)
        for which in range(len(self.there.orgs)):
            self.trigger(which, reopen=False, again=False)

    def org(self, which: int) -> Org:
        return self.there.orgs[which % len(self.there.orgs)]

    def partner(self, which: int) -> UUID:
        return self.there.partners[which % len(self.there.partners)]

    def batch(self, which: int) -> Planned:
        """The latest are chosen most often."""
        return [*self.rules.batches.values()][-1 - which % len(self.rules.batches)]

    @rule(which=index, amount=st.integers(1, 4), ref=st.integers(0, 5), again=st.booleans())
    def grant(self, which: int, amount: int, ref: int, *, again: bool) -> None:
        partner = self.partner(which)
        key = f"{self.there.partners[0]} {ref}"
        self.there.grant(partner, amount, key)
        if again:
            self.there.grant(partner, amount + 1, key)
        self.rules.move(partner, f"grant:{key}", amount)

    @rule(which=st.integers(0, 1), amount=st.integers(0, 3))
    def import_grant(self, which: int, amount: int) -> None:
        partner = self.partner(which)
        self.there.import_grant(partner, amount)
        self.rules.move(partner, f"grant:import:{partner}", amount)

    @rule(each=st.integers(0, 3))
    def price(self, each: int) -> None:
        self.each = each
        self.there.price(self.environment, each)

    @rule(which=index, reopen=st.booleans(), again=st.booleans())
    def trigger(self, which: int, *, reopen: bool, again: bool) -> None:
        for _ in range(1 + again):
            with suppress(ConfigError):  # cancelled, and not to be reopened
                batch = self.there.trigger(self.org(which), reopen=reopen)
                self.rules.triggered(batch, self.org(which), self.each, self.day, reopen=reopen)

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, again=st.booleans())
    def open(self, which: int, *, again: bool) -> None:
        for _ in range(1 + again):
            self.there.open(self.batch(which).id)
        self.rules.opened(self.batch(which))

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, failing=st.sampled_from((0, 0, 1)))
    def ask(self, which: int, failing: int) -> None:
        batch = self.batch(which)
        before = set(batch.open_work()) - set(batch.hands)
        works = self.there.ask(batch.id, failing=failing)
        self.rules.asked(batch, works)
        for run in before - {work.run_id for work in works}:
            batch.work[run] = "failed"
        self.hand += works

    @precondition(lambda self: self.hand)
    @rule(which=index, done=st.sampled_from((True, True, False)), again=st.booleans())
    def report(self, which: int, *, done: bool, again: bool) -> None:
        """Also of what was claimed long ago, and whose batch has ended since."""
        work = self.hand[-1 - which % len(self.hand)]
        for _ in range(1 + again):
            (self.there.read if done else self.there.fail)(work)
        self.rules.reported(work, "done" if done else "failed")

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, overdue=st.sampled_from((False, False, True)))
    def finish(self, which: int, *, overdue: bool) -> None:
        batch = self.batch(which)
        if overdue and batch.at_work():
            self.there.overdue(batch.id)
            batch.overdue = True
        self.there.finish_at_once(batch.id)
        self.rules.finished(batch)

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, failing=st.sampled_from((0, 0, 1)), left=st.sampled_from((0, 0, 1)))
    def work_off(self, which: int, failing: int, left: int) -> None:
        """From where it stands to its end, as most batches go, or almost there."""
        self.open(which, again=False)
        self.ask(which, failing=failing)
        for work in list(self.batch(which).hands.values())[left:]:
            self.there.read(work)
            self.rules.reported(work, "done")
        self.finish(which, overdue=False)

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, failing=st.sampled_from((0, 1)))
    def again(self, which: int, failing: int) -> None:
        """Triggered, or retried where that may be, and worked off."""
        batch = self.batch(which)
        if self.rules.retried(batch):
            self.there.retry(batch.id)
        self.work_off(which, failing=failing, left=0)

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, again=st.booleans())
    def cancel(self, which: int, *, again: bool) -> None:
        for _ in range(1 + again):
            self.refused_or(self.rules.cancelled, self.there.cancel, which)

    @precondition(lambda self: self.rules.batches)
    @rule(which=index, again=st.booleans())
    def retry(self, which: int, *, again: bool) -> None:
        for _ in range(1 + again):
            self.refused_or(self.rules.retried, self.there.retry, which)

    def refused_or(self, may: Callable[[Planned], bool], do: Callable[[UUID], None], which: int) -> None:
        batch = self.batch(which)
        if may(batch):
            do(batch.id)
        else:
            with pytest.raises(ConfigError):
                do(batch.id)

    @rule(which=index, other=index)
    def move(self, which: int, other: int) -> None:
        self.there.move(self.org(which), self.partner(other))
        self.rules.payers[self.org(which).id] = self.partner(other)

    @rule(later=st.booleans())
    def expire(self, *, later: bool) -> None:
        self.day += later
        self.there.day(self.environment, self.day)
        self.there.expire()
        self.rules.expired(self.day)

    @rule(what=st.sampled_from(CRASHES), which=index)
    def crash(self, what: str, which: int) -> None:
        """The transaction is aborted where it would be committed, or half-way: nothing has happened."""
        batch = self.batch(which).id if self.rules.batches else None
        given = {"grant": (self.partner(which), 3, f"lost {which}"), "trigger": (self.org(which),), "expire": ()}
        if what not in given and batch is None:
            return
        with crashing_half_way() if what == "half way" else crashing(), died():
            getattr(self.there, "finish" if what == "half way" else what)(*given.get(what, (batch,)))
        self.counted.crashes += 1

    @invariant()
    def the_rows_are_what_the_rules_want(self) -> None:
        if not hasattr(self, "rules"):
            return
        rows = self.there.rows()
        have = rows.available
        assert have == [self.rules.available[partner] for partner in self.there.partners]
        assert all(one is None or one >= 0 for one in have)
        assert rows.ledger == self.rules.ledger
        assert rows.batches == {b.id: (b.state, b.episode) for b in self.rules.batches.values()}
        self.counted.steps += 1
        self.counted.least = min([self.counted.least, *(one for one in have if one is not None)])

    def teardown(self) -> None:
        """All that is open ends: nothing is held any more, nothing was asked without a hold, nothing differs."""
        if not hasattr(self, "rules"):
            return
        self.counted.blocked += self.rules.blocked
        for batch in self.rules.batches.values():
            if self.rules.cancelled(batch):
                self.there.cancel(batch.id)
        self.the_rows_are_what_the_rules_want()
        rows = self.there.rows().ledger
        assert sum(moved for key, moved in rows.items() if key.startswith(("hold", "release"))) == 0
        assert self.there.calls_of_unopened() == 0
        with transaction() as db:
            assert differences.differences(db, None, None) == ([], 0)
        self.counted.charges += sum(key.startswith("charge") for key in rows)


@contextmanager
def died() -> Iterator[None]:
    """What would have changed nothing commits nothing, and is refused as ever."""
    with suppress(Crash, ConfigError):
        yield


def test_in_any_sequence_the_credits_are_what_the_rules_want(make, environment, capsys):
    """`make sequences` runs many more, with another seed each time."""
    counted = Counted()

    class Here(Sequence):
        pass

    Here.make, Here.environment, Here.counted = make, environment, counted
    chosen = hypothesis.settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=SEED is None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(int(SEED))(Here) if SEED else Here, settings=chosen)

    with capsys.disabled():
        print(
            f"\n{counted.sequences} sequences, {counted.steps} states compared, {counted.crashes} crashes, "
            f"{counted.blocked} batches blocked, {counted.charges} charges; least available {counted.least}"
        )
    assert counted.sequences >= SEQUENCES
    assert min(counted.charges, counted.blocked, counted.crashes) > 0
