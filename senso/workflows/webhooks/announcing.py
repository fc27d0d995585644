"""What webhooks are told, written by the transaction that makes it true."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from senso.db import Connection
from senso.db.bulk import as_json
from senso.db.keys import DELIVERY
from senso.queries import batches, closing, deliveries, outbox, sweep, webhooks
from senso.queries.batches import Batch
from senso.queries.closing import Counts
from senso.queries.outbox import Pipeline
from senso.states import BatchState, HookEvent
from senso.workflows.result_heads import result_head

SCHEMA_VERSION: Final = 1
EVENTS: Final = {
    BatchState.COMPLETED: HookEvent.COMPLETED,
    BatchState.PARTIAL: HookEvent.PARTIAL,
    BatchState.FAILED: HookEvent.FAILED,
    BatchState.BLOCKED: HookEvent.BLOCKED,
    BatchState.CANCELLED: HookEvent.CANCELLED,
}


def ended(db: Connection, batch: Batch, state: BatchState, counts: Counts | None = None) -> None:
    """Enqueues the end of a batch for each webhook that wants it. `batch`: as it was before.

    A batch that is blocked again in the same episode is told once.
    """
    event = EVENTS[state]
    wanting = webhooks.wanting(db, event, batch.org_id, batch.network_id)
    if not wanting:
        return
    body = as_json(content(event, result_head(db, batch, state, counts or closing.counts(db, batch))))
    for webhook in wanting:
        enqueue(db, DELIVERY.of(webhook, batch.id, batch.episode, state), webhook, event, body, batch=batch.id)


def enqueue(  # noqa: PLR0913  as many as a delivery has parts
    db: Connection, key: str, webhook: UUID, event: HookEvent, body: str, *, batch: UUID | None = None
) -> None:
    if deliveries.insert(db, key, webhook, batch, event, body):
        outbox.enqueue(db, Pipeline.DELIVER, key, ids=[key], batch=batch)


def content(event: HookEvent, data: dict[str, Any]) -> dict[str, Any]:
    """JSON of the documented form (schema_version 1)."""
    return {"schema_version": SCHEMA_VERSION, "type": event, "timestamp": datetime.now(UTC).isoformat(), "data": data}


def expire_blocked(db: Connection, today: date, history_days: int) -> None:
    """Batches that were blocked until their day was over are cancelled."""
    for batch in sweep.expire_blocked(db, today, history_days):
        ended(db, batches.load(db, batch), BatchState.CANCELLED)
