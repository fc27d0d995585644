"""Stage 3 for a network: an answer is handed out once for all orgs that are ready to read it.

Each org has a batch of its own, and each is ready at its own moment: its names are known. The first one writes an
intent that is due a little later; those that are ready by then are read together, and the others by the next intent.
"""

from uuid import UUID

from senso.db import Connection
from senso.log import logger
from senso.policy import POLICY
from senso.queries import batches, evaluations, members
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue_later
from senso.runtime.saving import save
from senso.states import FinishedBy
from senso.workflows.finishing import finish_batch

log = logger(__name__)


def gather_later(db: Connection, batch: Batch) -> int:
    """Releases the readings of one org's batch; returns the number of intents, 0 if none waits to be released.

    If the intent is lost, the periodic task for due work sends them.
    """
    asked_by = members.asked_by(db, batch)
    if asked_by is None or not evaluations.release(db, batch.id, POLICY.gathered_seconds):
        return 0
    enqueue_later(db, Pipeline.GATHER, asked_by, ids=[asked_by], batch=asked_by, seconds=POLICY.gather_seconds)
    return 1


def gather(asked_by: UUID) -> None:
    save(lambda db: gather_within(db, asked_by))


def gather_within(db: Connection, asked_by: UUID) -> None:
    """Hands out the answers that orgs wait to read, up to the window; waits a little for orgs that are nearly ready."""
    batches.lock_handing_out(db, asked_by)
    if members.any_not_ready(db, asked_by, POLICY.gather_patience_seconds):
        seconds = POLICY.gather_seconds
        enqueue_later(db, Pipeline.GATHER, asked_by, ids=[asked_by], batch=asked_by, seconds=seconds)
        return
    messages = evaluations.hand_out(db, asked_by, POLICY.window)
    log.info("answers handed out to be read", batch=str(asked_by), messages=messages)


def finish_readers(asked_by: UUID, by: FinishedBy, *, is_pushed: bool) -> None:
    """Ends the batches that have read all of their answers; then hands out the next window of those that have not."""
    for batch in save(lambda db: members.readers(db, asked_by)):
        finish_batch(batch, by, is_pushed=is_pushed)
    gather(asked_by)
