"""Cancelling a batch.

A cancelled batch ends like any other, in one transaction: open work is closed and its fences rise, what was read is
charged, the hold is released. If anything was read, its numbers are computed and pushed under this episode's key;
otherwise there is no push. An episode that is queued or blocked has read nothing: what earlier ones read was pushed
under their keys.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection
from senso.errors import ConfigError, SensoError
from senso.log import logger
from senso.queries import batches, closing, ledger, members, outbox, triggers
from senso.queries.batches import Batch
from senso.queries.closing import Counts
from senso.queries.outbox import Pipeline
from senso.reads import status
from senso.records import record
from senso.runtime.saving import retry_on_deadlock
from senso.states import CANCELLABLE, Action, BatchKind, BatchState, CancelOutcome, FinishedBy
from senso.workflows.initiator import Initiator
from senso.workflows.webhooks import announcing

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Cancelled:
    batch: Batch
    outcome: CancelOutcome
    charged: int = 0


class OpenedConcurrently(SensoError):
    """The batch's runs were planned after its state was read and before its row was locked; nothing was changed."""


def cancel(batch_id: UUID, by: Initiator, *, is_pushed: bool) -> Cancelled:
    """Raises NotFound, or ConfigError for a batch that has ended. Cancelling twice changes nothing."""
    return retry_on_deadlock(lambda db: cancel_within(db, batch_id, by, is_pushed=is_pushed), OpenedConcurrently)


LEAVING = Initiator("senso", members.FOLLOWING, because="the org has left the network")


def leave(batch_id: UUID, *, is_pushed: bool) -> None:
    """Cancels a batch of an org that is not in the network. Does nothing if it has ended, or the org is back."""
    with suppress(ConfigError):
        retry_on_deadlock(lambda db: leave_within(db, batch_id, is_pushed=is_pushed), OpenedConcurrently)


def leave_within(db: Connection, batch_id: UUID, *, is_pushed: bool) -> None:
    batch = batches.load(db, batch_id)
    if batch.network_id and batch.org_id and not members.is_member(db, batch.network_id, batch.org_id):
        cancel_within(db, batch_id, LEAVING, is_pushed=is_pushed)


def why(by: Initiator) -> str:
    return by.because or f"cancelled by {by.actor}"


def cancel_within(db: Connection, batch_id: UUID, by: Initiator, *, is_pushed: bool) -> Cancelled:
    """Blocks handing out. Closes open work before it locks the batch's row, the lock order of all transactions."""
    batches.lock_handing_out(db, batch_id)
    before = batches.load(db, batch_id).state
    left_over = before in CANCELLABLE and closing.close_open_work(db, batch_id, BatchState.CANCELLED, why(by))
    batch = batches.load(db, batch_id, lock=True)
    if batch.state is BatchState.CANCELLED:
        return Cancelled(batch, CancelOutcome.ALREADY)
    if batch.state not in CANCELLABLE:
        raise ConfigError(f"batch {batch.id} has ended as {batch.state}: there is nothing to cancel")
    if batch.state != before or status.any_open(db, batch.id):
        raise OpenedConcurrently(f"batch {batch.id} is being opened at this moment; say it again")
    if is_at_work(batch) and batch.remaining == 0:
        from senso.workflows import finishing  # noqa: PLC0415  see push_what_was_read

        finishing.finish(db, batch, FinishedBy.ROWS, left_over=False, is_pushed=is_pushed)
        return Cancelled(batch, CancelOutcome.FINISHED)
    charged = end_cancelled(db, batch, by, left_over=left_over, is_pushed=is_pushed)
    return Cancelled(batches.load(db, batch.id), CancelOutcome.CANCELLED, charged)


def is_at_work(batch: Batch) -> bool:
    """Whether this episode was opened, so that it may have read something."""
    return batch.state is BatchState.RUNNING and batch.remaining is not None


def end_cancelled(db: Connection, batch: Batch, by: Initiator, *, left_over: bool, is_pushed: bool) -> int:
    counts = closing.counts(db, batch)
    charged = ledger.charge_and_release(db, batch.id, batch.episode)
    if counts.evaluated and is_at_work(batch):
        push_what_was_read(db, batch, counts, left_over=left_over, is_pushed=is_pushed)
    elif left_over:
        closing.enqueue_job_cancellation(db, batch)
    done = "answered" if batch.kind is BatchKind.NETWORK else "read"
    said = f"{counts.evaluated} of {batch.planned} were {done}" if batch.planned else "nothing was asked"
    batches.end(db, batch.id, BatchState.CANCELLED, error=f"{why(by)}: {said}")
    announcing.ended(db, batch, BatchState.CANCELLED, counts)
    outbox.done(db, Pipeline.FINISH, batch.id, batch.episode)
    triggers.audit(
        db,
        Action.CANCEL,
        by.actor,
        subject=str(batch.subject),
        batch=batch.id,
        episode=batch.episode,
        was=batch.state,
        reason=by.reason,
        user_id=by.user_id,
        charged=charged,
        **record(counts),
        **by.part_of,
    )
    log.info("batch cancelled", batch=str(batch.id), subject=str(batch.subject), by=by.actor, **record(counts))
    return charged


def push_what_was_read(db: Connection, batch: Batch, counts: Counts, *, left_over: bool, is_pushed: bool) -> None:
    from senso.workflows import finishing  # noqa: PLC0415  takes long to import, and a cancel answers at once

    body = finishing.result(db, batch, BatchState.CANCELLED, counts)
    finishing.enqueue_push(db, batch, body, left_over=left_over, is_pushed=is_pushed)
