"""What the push and webhooks both say of a batch, before any number."""

from typing import Any

from senso.db import Connection
from senso.queries.batches import Batch
from senso.queries.closing import Counts
from senso.records import record
from senso.states import BatchState


def result_head(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, Any]:
    """`state`: as which it ends. By the names of `senso.push.Result`."""
    from senso.queries import results  # noqa: PLC0415  takes long to import, and not all who announce an end need it

    return {
        "batch_id": batch.id,
        "episode": batch.episode,
        "kind": batch.kind,
        "org_id": batch.org_id,
        "network_id": batch.network_id,
        "date": batch.batch_date,
        "state": state,
        "counts": record(counts),
        **record(results.cost(db, batch.id)),
    }
