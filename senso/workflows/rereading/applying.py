"""Makes what was read again the current readings, a batch at a time, with its numbers and a push of them.

The batch gets a new episode, since an application takes the numbers of the latest one. It asks for nothing and holds
nothing, so nothing can be charged in it: a charge needs the hold of its episode, and each answer has one key to be
charged by, for whatever reading of it.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from senso.db import Connection, transaction
from senso.failpoints import failpoint
from senso.log import logger
from senso.queries import batches, closing, rereadings, triggers
from senso.queries import reevaluations as rows
from senso.queries.batches import Batch
from senso.queries.reevaluations import READ_BATCHES, Reevaluation
from senso.runtime.saving import retry_on_deadlock
from senso.states import Action, ReevaluationState
from senso.workflows import finishing
from senso.workflows.webhooks import announcing

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """`waiting`: batches that are under way again, or blocked: they keep their readings for now."""

    batches: int
    readings: int
    waiting: tuple[UUID, ...]


class NotNow(Exception):
    """The batch was opened again since; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Applying:
    """`is_pushed`: whether the application is told of the numbers."""

    of: Reevaluation
    actor: str
    is_pushed: bool

    def apply(self) -> Applied:
        """Each batch is one transaction: a process that is killed leaves the others for the next one."""
        with transaction() as db:
            wanted = rereadings.unapplied(db, self.of.id)
        done: dict[UUID, int] = {}
        waiting: list[UUID] = []
        for batch in wanted:
            try:  # the second time where another order has replaced the same readings meanwhile
                if readings := self.replaced(batch) or self.replaced(batch):
                    done[batch] = readings
            except NotNow:
                waiting.append(batch)
        return Applied(len(done), sum(done.values()), tuple(waiting))

    def replaced(self, batch: UUID) -> int:
        """The readings of the batch that were replaced. Raises NotNow."""
        return retry_on_deadlock(partial(self.apply_to, batch_id=batch))

    def apply_to(self, db: Connection, batch_id: UUID) -> int:
        """Raises NotNow. The readings first, as all transactions lock them before the batch."""
        replaced = rereadings.replace(db, self.of.id, batch_id)
        batch = batches.load(db, batch_id, lock=True)
        if batch.state not in READ_BATCHES or batch.pruned_at is not None:
            raise NotNow
        if replaced:
            self.publish(db, batch_id, replaced)
        return replaced

    def publish(self, db: Connection, batch_id: UUID, replaced: int) -> None:
        rereadings.end_as_episode(db, batch_id)
        failpoint("batch read again")
        batch = batches.load(db, batch_id)
        counts = closing.counts(db, batch)
        body = finishing.result(db, batch, batch.state, counts)
        finishing.enqueue_push(db, batch, body, left_over=False, is_pushed=self.is_pushed)
        announcing.ended(db, batch, batch.state, counts)
        self.tell(db, batch, replaced)

    def tell(self, db: Connection, batch: Batch, replaced: int) -> None:
        said = {"reevaluation": self.of.id, "prompt": self.of.prompt_version, "readings": replaced}
        subject = str(batch.subject)
        triggers.audit(
            db, Action.REEVALUATE, self.actor, subject=subject, batch=batch.id, episode=batch.episode, **said
        )
        log.info("batch read again", batch=str(batch.id), readings=replaced, episode=batch.episode)


def end(of: Reevaluation) -> None:
    """Called when all is read and, unless it is only compared, all that can be applied is."""
    with transaction() as db:
        rows.end(db, of.id, ReevaluationState.COMPARED if of.is_compared else ReevaluationState.DONE)
