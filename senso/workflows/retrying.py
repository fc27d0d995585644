"""Retries the failed part of a batch, as its next episode."""

from datetime import UTC, datetime
from uuid import UUID

from senso.db import Connection
from senso.errors import ConfigError
from senso.queries import batches, planning, triggers
from senso.queries.batches import Batch
from senso.runtime.saving import retry_on_deadlock
from senso.states import RETRIABLE, Action, BatchState
from senso.workflows.initiator import Initiator
from senso.workflows.membership import require_member
from senso.workflows.provider_access import require
from senso.workflows.trigger import ask_admission, require_ready


def retry(batch_id: UUID, by: Initiator) -> Batch:
    """Raises NotFound, or ConfigError for a batch with nothing to ask again or with missing provider keys."""
    return retry_on_deadlock(lambda db: retry_within(db, batch_id, by))


def retry_within(db: Connection, batch_id: UUID, by: Initiator) -> Batch:
    """Queues a new episode: finished work stays; failed work is planned again at opening, after a hold for it alone."""
    batch = batches.load(db, batch_id, lock=True)
    if batch.state not in RETRIABLE:
        raise ConfigError(f"batch {batch.id} {WHY_NOT[batch.state]}")
    if batch.pruned_at is not None:
        raise ConfigError(f"batch {batch.id} was pruned on {batch.pruned_at:%Y-%m-%d}: its answers are deleted")
    undone = None if batch.planned is None else planning.undone(db, batch)
    if undone == 0:
        raise ConfigError(f"batch {batch.id} is {batch.state}, but all of it was read: there is nothing to ask again")
    require_askable(db, batch)
    batches.queue_again(db, batch.id, RETRIABLE, new_episode=True)
    queued = batches.load(db, batch.id)
    said = {"episode": queued.episode, "was": batch.state, "evaluations": undone, "user_id": by.user_id} | by.part_of
    subject = str(batch.subject)
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
    """Checks keys and models before the hold. The matrix is frozen: what an active org has lost does not matter."""
    today = max(batch.batch_date, datetime.now(UTC).date())
    if batch.network_id is not None and batch.org_id is not None:
        require_member(db, batch.network_id, batch.org_id, today)
        return
    asking = triggers.asking(db, batch.subject)
    if asking is None or not asking.active or batch.planned is None:
        require_ready(db, batch.subject, asking, today)
        return
    require(db, triggers.asked_again(db, batch.id), today)
