"""Which batches of an organisation a request is about."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from senso.api.days import Day
from senso.api.problems import invalid
from senso.api.shown.numbers import BatchCounted
from senso.reads.findings import Chosen
from senso.reads.periods import Dated

Batch = Annotated[UUID | None, Query(description="this batch alone; unset, and no date either: the newest")]
On = Annotated[Day | None, Query(alias="date", description="batches of this date, UTC", examples=["2026-11-21"])]
Since = Annotated[Day | None, Query(description="the first date of batches, UTC", examples=["2026-11-01"])]
Until = Annotated[Day | None, Query(description="the last date of batches, UTC, included", examples=["2026-11-30"])]
Network = Annotated[
    UUID | None,
    Query(description="what its answers say; unset: the batches that ask the same as the newest of those asked for"),
]


def chosen(
    batch_id: Batch = None, on: On = None, since: Since = None, until: Until = None, network_id: Network = None
) -> Chosen:
    """Raises Problem where two ways of saying it are mixed."""
    said = [name for name, value in (("batch_id", batch_id), ("date", on), ("since", since or until)) if value]
    if len(said) > 1:
        raise invalid([(f"query.{said[1]}", f"goes not with {said[0]}; say one of batch_id, date, since and until")])
    return Chosen(batch_id, on or since, on or until, network_id)


ChosenBatches = Annotated[Chosen, Depends(chosen)]


def shown(one: Dated) -> BatchCounted:
    return BatchCounted(id=one.id, date=one.date, kind=one.kind, network_id=one.network_id, is_pruned=one.is_pruned)
