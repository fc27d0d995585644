"""Batches with what they wait for."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from senso.policy import Policy
from senso.reads import waiting
from senso.reads.status import BatchStatus
from senso.states import OPEN_BATCHES, BatchState, PushStatus


def told(db: Connection, found: Sequence[BatchStatus], policy: Policy, reader: str) -> list[BatchStatus]:
    """The same batches in their order. `reader`: the slug or name of the model that reads."""
    wanted = [one.id for one in found if is_waiting(one)]
    waits = waiting.by_batch(waiting.waits(db, wanted, policy, each=True, reader=reader))
    return [replace(one, waiting_for=waits.get(one.id, ())) for one in found]


def is_waiting(one: BatchStatus) -> bool:
    is_open = one.state in OPEN_BATCHES
    return is_open or one.state is BatchState.BLOCKED or one.push is PushStatus.PENDING
