"""Cancelling a batch, and asking again for what failed of one: the two things that an operator does to a batch.

A cancelled batch ends like any other: what is open is closed under raised fences, what was read is charged, the hold
goes back, all in one transaction. What was charged for is handed over: its numbers are made and pushed, under this
episode's own key. Where nothing was read there is nothing to hand over, and no push.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import stamina

from senso.db import Connection, transaction
from senso.errors import ConfigError, SensoError, Unreachable
from senso.log import logger
from senso.queries import batches, ledger, outbox, planning, results, status, triggers
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline
from senso.records import record
from senso.states import CANCELLABLE, RETRIABLE, Action, BatchState, CancelOutcome, FinishedBy
from senso.tasks.reach import require
from senso.tasks.score import call_off, finish, hand_on, has_application, result
from senso.tasks.trigger import By, ask_admission, require_ready

log = logger(__name__)
T = TypeVar("T")
TRIES = 5


@dataclass(frozen=True, slots=True)
class Stopped:
    batch: Batch
    outcome: CancelOutcome
    charged: int = 0


class OpenedMeanwhile(SensoError):
    """Its runs were planned between our look at them and our lock on the batch; nothing was changed."""


def heals(error: Exception) -> bool:
    """We close many rows at once, and so does the reaper: in whatever order each finds them."""
    return isinstance(error, OpenedMeanwhile) or (isinstance(error, Unreachable) and "deadlock" in str(error))


def settled(change: Callable[[Connection], T]) -> T:
    """One transaction, tried again where it met another."""
    for attempt in stamina.retry_context(on=heals, attempts=TRIES, wait_initial=0.05, wait_max=1, wait_jitter=0.1):
        with attempt, transaction() as db:
            found = change(db)
    return found


def cancel(batch_id: UUID, by: By) -> Stopped:
    """Raises NotFound, or ConfigError for a batch that has ended. Cancelled twice, nothing changes."""
    return settled(lambda db: cancel_within(db, batch_id, by, is_pushed=has_application()))


def cancel_within(db: Connection, batch_id: UUID, by: By, *, is_pushed: bool) -> Stopped:
    """Nothing is handed out meanwhile; open work is closed before the batch's row is locked, as everybody does."""
    batches.lock_handing_out(db, batch_id)
    before = batches.load(db, batch_id).state
    left_over = before in CANCELLABLE and results.close_open_work(
        db, batch_id, BatchState.CANCELLED, f"cancelled by {by.actor}"
    )
    batch = batches.load(db, batch_id, lock=True)
    if batch.state is BatchState.CANCELLED:
        return Stopped(batch, CancelOutcome.ALREADY)
    if batch.state not in CANCELLABLE:
        raise ConfigError(f"batch {batch.id} has ended as {batch.state}: there is nothing to cancel")
    if batch.state != before or status.any_open(db, batch.id):
        raise OpenedMeanwhile(f"batch {batch.id} is being opened at this moment; say it again")
    if batch.remaining == 0:
        finish(db, batch, FinishedBy.ROWS, left_over=False, is_pushed=is_pushed)
        return Stopped(batch, CancelOutcome.FINISHED)
    charged = end_cancelled(db, batch, by, left_over=left_over, is_pushed=is_pushed)
    return Stopped(batches.load(db, batch.id), CancelOutcome.CANCELLED, charged)


def end_cancelled(db: Connection, batch: Batch, by: By, *, left_over: bool, is_pushed: bool) -> int:
    counts = results.counts(db, batch)
    charged = ledger.settle(db, batch.id, batch.episode)
    body = result(db, batch, BatchState.CANCELLED, counts) if counts.evaluated else None
    said = f"{counts.evaluated} of {batch.planned} were read" if batch.planned else "nothing was asked"
    batches.end(db, batch.id, BatchState.CANCELLED, error=f"cancelled by {by.actor}: {said}")
    outbox.done(db, Pipeline.FINISH, batch.id, batch.episode)
    triggers.audit(
        db,
        Action.CANCEL,
        by.actor,
        subject=f"org:{batch.org_id}",
        batch=batch.id,
        episode=batch.episode,
        was=batch.state,
        reason=by.reason,
        user_id=by.user_id,
        charged=charged,
        **record(counts),
    )
    log.info("batch cancelled", batch=str(batch.id), org=str(batch.org_id), by=by.actor, **record(counts))
    if body is not None:
        hand_on(db, batch, body, left_over=left_over, is_pushed=is_pushed)
    elif left_over:
        call_off(db, batch)
    return charged


def retry(batch_id: UUID, by: By) -> Batch:
    """Raises NotFound, or ConfigError for a batch of which nothing can be asked again, or whose keys are missing."""
    return settled(lambda db: retry_within(db, batch_id, by))


def retry_within(db: Connection, batch_id: UUID, by: By) -> Batch:
    """A new episode: what is done stays, what failed is planned again when it opens, after a hold for that alone."""
    batch = batches.load(db, batch_id, lock=True)
    if batch.state not in RETRIABLE:
        raise ConfigError(f"batch {batch.id} {WHY_NOT[batch.state]}")
    undone = None if batch.planned is None else planning.undone(db, batch.id)
    if undone == 0:
        raise ConfigError(f"batch {batch.id} is {batch.state}, but all of it was read: there is nothing to ask again")
    require_askable(db, batch)
    batches.queue_again(db, batch.id, RETRIABLE, new_episode=True)
    queued = batches.load(db, batch.id)
    said = {"episode": queued.episode, "was": batch.state, "evaluations": undone, "user_id": by.user_id}
    subject = f"org:{batch.org_id}"
    triggers.audit(db, Action.RETRY, by.actor, subject=subject, batch=batch.id, reason=by.reason, **said)
    ask_admission(db, queued)
    return queued


WHY_NOT = {
    BatchState.QUEUED: "is queued: it waits for its turn",
    BatchState.RUNNING: "is under way: retry it when it has ended, or cancel it first",
    BatchState.COMPLETED: "is completed: nothing of it failed",
    BatchState.BLOCKED: "is blocked for want of credits: grant some (senso credits), then trigger it again",
}


def require_askable(db: Connection, batch: Batch) -> None:
    """Keys before the hold. The matrix is frozen: what the org lost since does not matter, unless it is inactive."""
    if batch.org_id is not None:
        org = triggers.org(db, batch.org_id)
        if org is None or not org.active or batch.planned is None:
            require_ready(db, batch.org_id, org)
            return
    require(db, triggers.providers_to_ask_again(db, batch.id))
