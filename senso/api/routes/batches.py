"""`/batches`: triggered, listed, cancelled, retried; and the runs of one."""

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Body as FromBody

from senso.api import batch_orders, seen
from senso.api.access import Caller, Scope, needs
from senso.api.batch_bodies import BatchChange, Trigger
from senso.api.context import Context
from senso.api.days import Day
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Id, Line, Page
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page
from senso.api.shown.batches import Batch, CancelledBatch, RetriedBatch, TriggeredBatch
from senso.api.shown.estimates import Foreseen, ForeseenCancel
from senso.api.shown.runs import ListedRun
from senso.db import Connection
from senso.reads import batch_list, inspection
from senso.reads.batch_list import BatchFilters
from senso.reads.inspection import RunFilters
from senso.reads.status import BatchStatus
from senso.states import BatchKind, BatchState, RunState

Reader = Annotated[Caller, needs(Scope.READ)]
Triggering = Annotated[Caller, needs(Scope.TRIGGER)]
Operator = Annotated[Caller, needs(Scope.OPERATE)]
Since = Annotated[Day | None, Query(description="the first date of batches, UTC", examples=["2026-11-21"])]
Until = Annotated[Day | None, Query(description="the last date of batches, UTC, included", examples=["2026-11-27"])]
States = Annotated[list[BatchState] | None, Query(max_length=len(BatchState), description="any of these")]
Slug = Annotated[Line | None, Query(description="the slug of a model", examples=["chatgpt"])]
FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK: {"model": TriggeredBatch | Foreseen, "description": "there was one, or this was a dry run"}
}
Body = Annotated[Trigger, FromBody(discriminator="kind")]
UNCHANGED = BatchChange()


def filters(
    state: States = None,
    kind: BatchKind | None = None,
    since: Since = None,
    until: Until = None,
    org_id: Id | None = None,
    network_id: Id | None = None,
    partner_id: Id | None = None,
) -> BatchFilters:
    return BatchFilters(state or (), kind, since, until, org_id, network_id, partner_id)


def run_filters(
    state: RunState | None = None,
    model: Slug = None,
    failed: Annotated[bool, Query(description="only those that were not answered or not read")] = False,
) -> RunFilters:
    return RunFilters(state, model, failed)


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/batches", tags=["batches"], route_class=Route)
    add_batches(router, context)
    add_changes(router, context)
    add_runs(router, context)
    return router


def add_batches(router: APIRouter, context: Context) -> None:
    @router.post("", response_model=TriggeredBatch, status_code=HTTPStatus.CREATED, responses=FOUND)
    async def trigger_batch(request: Request, caller: Triggering, body: Body, _key: Key = None) -> Response:
        """Opens or resumes today's batch of an org or a network, or what an org lacks of its network's answers.

        201 if one was opened, 200 if there was one, or for a dry run.
        """
        return await trigger(context, request, caller, body)

    @router.get("", response_model=Page[Batch])
    async def list_batches(
        request: Request,
        caller: Reader,
        wanted: Annotated[BatchFilters, Depends(filters)],
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """The newest first, by (date, id)."""
        after = decode(cursor, UUID)
        found = await context.read(partial(listed, caller, wanted, limit + 1, after[0] if after else None))
        return answer(request, page(found, limit, lambda one: (one.id,), batch_orders.shown))

    @router.get("/{batch_id}", response_model=Batch)
    async def show_batch(request: Request, caller: Reader, batch_id: Id) -> Response:
        """A batch as it stands, with what it waits for."""
        return answer(request, await context.read(partial(stands, context, caller, batch_id)))


def add_changes(router: APIRouter, context: Context) -> None:
    @router.post("/{batch_id}/cancel", response_model=CancelledBatch | ForeseenCancel)
    async def cancel_batch(
        request: Request, caller: Operator, batch_id: Id, body: BatchChange = UNCHANGED, _key: Key = None
    ) -> Response:
        """Ends it: what was read is charged, the rest of the hold released. Twice changes nothing."""
        if body.dry_run:
            return answer(request, await context.read(partial(batch_orders.foresee_cancel, caller, batch_id)))
        return await once(context, caller, request, partial(batch_orders.cancel, context, caller, batch_id, body))

    @router.post("/{batch_id}/retry", response_model=RetriedBatch | Foreseen)
    async def retry_batch(
        request: Request, caller: Operator, batch_id: Id, body: BatchChange = UNCHANGED, _key: Key = None
    ) -> Response:
        """Queues it again, as its next episode, for what failed or was cancelled."""
        if body.dry_run:
            return answer(request, await context.read(partial(batch_orders.foresee_retry, caller, batch_id)))
        return await once(context, caller, request, partial(batch_orders.retry, context, caller, batch_id, body))


def add_runs(router: APIRouter, context: Context) -> None:
    @router.get("/{batch_id}/runs", response_model=Page[ListedRun])
    async def list_runs(
        request: Request,
        caller: Reader,
        batch_id: Id,
        wanted: Annotated[RunFilters, Depends(run_filters)],
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """Each run of a batch, by number: what was asked where, how it stands and why, its calls and their cost."""
        after = decode(cursor, int)
        found = await context.read(partial(runs_of, caller, batch_id, wanted, limit + 1, after[0] if after else 0))
        return answer(request, page(found, limit, lambda one: (one.number,), ListedRun.model_validate))


async def trigger(context: Context, request: Request, caller: Caller, wanted: Trigger) -> Response:
    if wanted.dry_run:
        return answer(request, await context.read(partial(batch_orders.foresee, context, caller, wanted)))
    return await once(context, caller, request, partial(batch_orders.open_batch, context, caller, wanted))


def listed(caller: Caller, wanted: BatchFilters, most: int, before: UUID | None, db: Connection) -> list[BatchStatus]:
    """Of a filter by what there is not, or is not the caller's: Problem, as for that itself."""
    if wanted.org is not None:
        seen.require_org(db, caller, wanted.org)
    if wanted.network is not None:
        seen.require_network_read_by(db, caller, wanted.network)
    if wanted.partner is not None:
        seen.require_partner(db, caller, wanted.partner)
    return batch_list.listed(db, limited(caller, wanted), most, before)


def limited(caller: Caller, wanted: BatchFilters) -> BatchFilters:
    return replace(wanted, partner=wanted.partner or caller.partner_id)


def stands(context: Context, caller: Caller, batch: UUID, db: Connection) -> Batch:
    seen.require_batch(db, caller, batch)
    return batch_orders.shown(batch_orders.stands(db, context, batch))


def runs_of(
    caller: Caller, batch: UUID, wanted: RunFilters, most: int, after: int, db: Connection
) -> list[inspection.ListedRun]:
    seen.require_batch(db, caller, batch)
    return inspection.runs(db, batch, wanted, after=after, most=most)
