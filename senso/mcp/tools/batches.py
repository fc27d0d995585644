"""Batches as they stand, and their runs."""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from senso.api import batch_orders
from senso.api.access import Caller
from senso.api.context import Context
from senso.api.models import Page
from senso.api.paging import decode, page
from senso.api.routes import batches
from senso.api.shown.batches import Batch
from senso.api.shown.runs import ListedRun
from senso.db import Connection
from senso.mcp.arguments import Arguments, BatchId, Model, Paged, Partner, Since, Until, unfolded
from senso.mcp.outside import Quoting
from senso.mcp.tool import reading
from senso.reads.batch_list import BatchFilters
from senso.reads.inspection import RunFilters
from senso.states import BatchKind, BatchState, RunState


class WhichBatches(Paged):
    states: Annotated[
        list[BatchState] | None,
        BeforeValidator(unfolded),
        Field(max_length=len(BatchState), description="any of these; null: all"),
    ] = None
    kind: Annotated[BatchKind | None, Field(description="network_org: one org of a network")] = None
    since: Since = None
    until: Until = None
    org_id: Annotated[UUID | None, Field(description="only of this organisation")] = None
    network_id: Annotated[UUID | None, Field(description="only of this network")] = None
    partner_id: Partner = None

    @property
    def filters(self) -> BatchFilters:
        of = (self.org_id, self.network_id, self.partner_id)
        return BatchFilters(self.states or (), self.kind, self.since, self.until, *of)


class OneBatch(Arguments):
    batch_id: BatchId


class WhichRuns(Paged):
    batch_id: BatchId
    state: Annotated[RunState | None, Field(description="only those that stand so")] = None
    model: Model = None
    failed: Annotated[bool, Field(description="only those that were not answered or not read")] = False


class Batches(Quoting, Page[Batch]):
    """Batches, the newest first. Errors of vendors are from outside."""


class ShownBatch(Quoting, Batch):
    """A batch. Errors of vendors are from outside."""


class Runs(Quoting, Page[ListedRun]):
    """Runs by number. Errors of vendors are from outside."""


def list_batches(_context: Context, caller: Caller, asked: WhichBatches, db: Connection) -> Batches:
    """Batches, the newest first: one subject (an organisation or a network) on one date. Costs are micro-dollars."""
    after = decode(asked.cursor, UUID)
    found = batches.listed(caller, asked.filters, asked.limit + 1, after[0] if after else None, db)
    return Batches.model_validate(page(found, asked.limit, lambda one: (one.id,), batch_orders.shown))


def show_batch(context: Context, caller: Caller, asked: OneBatch, db: Connection) -> ShownBatch:
    """One batch as it stands now: how far it is, what it cost, and what it waits for."""
    return ShownBatch.model_validate(batches.stands(context, caller, asked.batch_id, db))


def list_runs(_context: Context, caller: Caller, asked: WhichRuns, db: Connection) -> Runs:
    """The runs of a batch: what was asked where, how each stands and why, its calls and their cost."""
    after = decode(asked.cursor, int)
    filters = RunFilters(asked.state, asked.model, asked.failed)
    found = batches.runs_of(caller, asked.batch_id, filters, asked.limit + 1, after[0] if after else 0, db)
    return Runs.model_validate(page(found, asked.limit, lambda one: (one.number,), ListedRun.model_validate))


TOOLS = (
    reading(list_batches, WhichBatches, Batches),
    reading(show_batch, OneBatch, ShownBatch),
    reading(list_runs, WhichRuns, Runs),
)
