"""Cancels or retries all batches that match filters, a transaction for each: what is done stays done after a kill."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from senso.db import Connection, looking, transaction
from senso.errors import ConfigError, NotFound
from senso.failpoints import failpoint
from senso.queries import batches, bulk_changes, estimates, selections, triggers
from senso.queries.batches import Batch
from senso.queries.bulk_changes import Unfinished
from senso.queries.estimates import Payer
from senso.queries.selections import Filters, Matched
from senso.queries.triggers import Concerns
from senso.runtime.saving import retry_on_deadlock
from senso.states import CANCELLABLE, RETRIABLE, Action, BatchKind, BatchState, CancelOutcome
from senso.workflows.cancelling import OpenedConcurrently, cancel_within
from senso.workflows.initiator import Initiator
from senso.workflows.retrying import retry_within

# A command with the same filters continues an interrupted one for so long; later it is a new wish.
CONTINUED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class BulkChange:
    """`batches`: those that are left. `continued`: the unfinished change that this command goes on with.

    `done_before`: how many batches that one has changed.
    """

    id: UUID
    action: Action
    by: Initiator
    filters: Filters
    batches: tuple[Matched, ...]
    continued: Unfinished | None = None
    done_before: int = 0


class StepOutcome(StrEnum):
    """done before: by this change, in another command. not applicable: its state has nothing to change.

    no credits: its partner cannot pay. failed: refused for another reason, such as a missing key.
    """

    DONE = "done"
    DONE_BEFORE = "done before"
    NOT_APPLICABLE = "not applicable"
    NO_CREDITS = "no credits"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one batch. `why`: it was not changed. `charged`: credits. `credits`: to be held from `partner`."""

    batch: UUID
    outcome: StepOutcome
    why: str | None = None
    asked_again: int = 0
    read_again: int = 0
    charged: int = 0
    partner: UUID | None = None
    credits: int = 0


def begin(action: Action, filters: Filters, said: Mapping[str, Any], by: Initiator) -> BulkChange:
    """Continues an unfinished change with the same filters, or writes a new one if any batch matches.

    `said`: the filters as they were typed: `--since 2h` means the same command an hour later, too.
    """
    with transaction() as db:
        before = bulk_changes.unfinished(db, action, said, CONTINUED_SECONDS)
        if before is not None:
            filters = replace(filters, since=before.since)
        found = tuple(selections.matching(db, filters))
        number = before.id if before else uuid4()
        change = BulkChange(number, action, replace(by, bulk=number), filters, found, before)
        if before is not None:
            done = bulk_changes.done(db, action, before)
            left = tuple(one for one in found if one.id not in done)
            return replace(change, batches=left, done_before=len(done))
        if found:
            whom = Concerns(filters.partner)
            triggers.audit(db, action, by.actor, whom, bulk=str(change.id), filters=dict(said), since=filters.since)
        return change


def end(change: BulkChange, counts: Mapping[str, int]) -> None:
    """Once all steps are done: the same filters are a new change from here on."""
    with transaction() as db:
        if not bulk_changes.is_ended(db, change.action, change.id):
            whom = Concerns(change.filters.partner)
            triggers.audit(db, change.action, change.by.actor, whom, bulk=str(change.id), ended=dict(counts))


def found_by(filters: Filters) -> list[Matched]:
    with looking() as db:
        return list(selections.matching(db, filters))


Change = Callable[[Connection, Matched], Step]


def step(change: BulkChange, one: Matched, change_one: Change, *retried: type[Exception]) -> Step:
    """Changes one batch in one transaction. What this refuses is told, and the others go on."""
    try:
        found = retry_on_deadlock(lambda db: change_one(db, one), *retried)
    except (ConfigError, NotFound) as error:
        return Step(one.id, StepOutcome.FAILED, str(error))
    if found.outcome is StepOutcome.DONE:
        failpoint("bulk step", f"{change.action} {one.id}")
    return found


def changed_before(db: Connection, change: BulkChange, one: Matched, batch: Batch) -> Step | None:
    """A batch that this change, in another process, or somebody else has changed since it matched is left alone."""
    if bulk_changes.is_done(db, change.action, change.id, one.id):
        return Step(one.id, StepOutcome.DONE_BEFORE)
    if batch.episode != one.episode:
        return Step(one.id, StepOutcome.NOT_APPLICABLE, "changed meanwhile")
    return None


@dataclass(slots=True)
class Cancelling:
    change: BulkChange
    is_pushed: bool

    def step(self, one: Matched) -> Step:
        return step(self.change, one, self.cancel, OpenedConcurrently)

    def cancel(self, db: Connection, one: Matched) -> Step:
        batches.lock_handing_out(db, one.id)  # as cancel_within: another command's step has ended when this one looks
        batch = batches.load(db, one.id)
        if known := changed_before(db, self.change, one, batch):
            return known
        if batch.state not in CANCELLABLE:
            return Step(one.id, StepOutcome.NOT_APPLICABLE, batch.state)
        done = cancel_within(db, one.id, self.change.by, is_pushed=self.is_pushed)
        if done.outcome is not CancelOutcome.CANCELLED:
            return Step(one.id, StepOutcome.NOT_APPLICABLE, done.batch.state)
        return Step(one.id, StepOutcome.DONE, charged=done.charged)


@dataclass(slots=True)
class Retrying:
    """`promised`: credits that its steps will have held, by partner: no more batches are queued than can be paid."""

    change: BulkChange
    reopen: bool
    promised: Counter[UUID] = field(default_factory=Counter)

    def step(self, one: Matched) -> Step:
        found = step(self.change, one, self.retry)
        if found.partner is not None:
            self.promised[found.partner] += found.credits
        return found

    def retry(self, db: Connection, one: Matched) -> Step:
        batch = batches.load(db, one.id, lock=True)
        if known := changed_before(db, self.change, one, batch) or not_applicable(batch, reopen=self.reopen):
            return known
        asks, reads = again(db, batch)
        if batch.planned is not None and not asks and not reads:
            return Step(one.id, StepOutcome.NOT_APPLICABLE, "nothing to ask again")
        if batch.org_id is None:  # of a network, each org's own partner pays for its reading
            partner, needed = None, 0
        else:
            partner, needed = selections.payer(db, batch.org_id), (asks + reads) * batch.credits_per_evaluation
        if partner is not None and not self.can_pay(db, partner, needed):
            return Step(one.id, StepOutcome.NO_CREDITS)
        retry_within(db, one.id, self.change.by)
        return Step(
            one.id, StepOutcome.DONE, None, asks, reads, partner=partner.id if partner else None, credits=needed
        )

    def can_pay(self, db: Connection, partner: Payer, needed: int) -> bool:
        """Otherwise the batch would be blocked, and expire as cancelled, instead of being retried later."""
        if partner.available is None or needed + self.promised[partner.id] <= partner.available:
            return True
        return needed + selections.awaited(db, partner.id) <= partner.available  # most may be held already


def not_applicable(batch: Batch, *, reopen: bool) -> Step | None:
    if batch.state is BatchState.BLOCKED:
        return Step(batch.id, StepOutcome.NO_CREDITS, batch.state)
    if batch.state not in RETRIABLE or (batch.state is BatchState.CANCELLED and not reopen):
        return Step(batch.id, StepOutcome.NOT_APPLICABLE, batch.state)
    return None


def again(db: Connection, batch: Batch) -> tuple[int, int]:
    """How many runs another episode asks, and how many answers it only reads; (0, 0) if it was never opened."""
    if batch.planned is None:
        return 0, 0
    shares = estimates.shares_again(db, batch.id, batch.kind)
    asks = sum(one.asks for one in shares)
    return asks, 0 if batch.kind is BatchKind.NETWORK else sum(one.reads for one in shares) - asks
