"""`/batches/{id}`: one batch, live, its runs, and its cancel and retry."""

from functools import partial
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import StringConstraints

from senso.api import batch_orders, seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Id
from senso.api.paging import Cursor, decode, encode
from senso.api.routes.batches import runs_of
from senso.dashboard import links, once, stages, waterfall
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.reads import audits, batch_calls, batch_sending, failure_groups, stopping, wait_words
from senso.reads.failure_groups import FailureGroup
from senso.reads.inspection import RunFilters
from senso.reads.status import BatchStatus
from senso.states import CANCELLABLE, OPEN_BATCHES, RETRIABLE, DeliveryStatus, PushStatus, RunState
from senso.workflows.cancelling import cancel_within
from senso.workflows.retrying import retry_within

PATH = "/batches/{batch_id}"
ROWS = 50
SLOWEST, MOST_CALLS = 12, 60
REASON = "dashboard"
Reader = Annotated[Caller, needs(Scope.READ)]
Operator = Annotated[Caller, needs(Scope.OPERATE)]
Slug = Annotated[str, StringConstraints(max_length=255)]


class Stands(NamedTuple):
    """What is drawn again whenever the batch moves."""

    batch: BatchStatus
    stages: list[stages.Bar]
    waits: list[str]
    failures: list[FailureGroup]
    is_open: bool
    may_cancel: bool
    may_retry: bool


def run_filters(
    state: Annotated[RunState | None, links.MAY_BE_EMPTY] = None,
    model: Annotated[Slug | None, links.MAY_BE_EMPTY] = None,
    failed: Annotated[bool, Query()] = False,
) -> RunFilters:
    return RunFilters(state, model, failed)


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))
    add_batch(router, context)
    add_runs(router, context)
    add_cancel(router, context)
    add_retry(router, context)
    return router


def add_batch(router: APIRouter, context: Context) -> None:
    @router.get(PATH)
    async def batch(request: Request, caller: Reader, batch_id: Id) -> Response:
        return page(request, "batch.html", await context.read_latest(partial(whole, context, caller, batch_id)))

    @router.get(f"{PATH}/progress")
    async def progress(request: Request, caller: Reader, batch_id: Id) -> Response:
        found = await context.read_latest(partial(stands, context, caller, batch_id))
        return page(request, "batch_progress.html", found._asdict())

    @router.get(f"{PATH}/sent")
    async def sent_part(request: Request, caller: Reader, batch_id: Id) -> Response:
        return page(request, "batch_sent.html", await context.read_latest(partial(sent, caller, batch_id)))


def add_runs(router: APIRouter, context: Context) -> None:
    @router.get(f"{PATH}/runs")
    async def runs(
        request: Request,
        caller: Reader,
        batch_id: Id,
        wanted: Annotated[RunFilters, Depends(run_filters)],
        cursor: Cursor = None,
    ) -> Response:
        if (elsewhere := links.without_empty(request)) is not None:
            return elsewhere
        after = decode(cursor, int)
        found = await context.read(partial(listed, context, caller, batch_id, wanted, after[0] if after else 0))
        return page(request, "batch_runs.html", found | {"is_first": cursor is None})


def add_cancel(router: APIRouter, context: Context) -> None:
    @router.get(f"{PATH}/cancel")
    async def foresee(request: Request, caller: Operator, batch_id: Id) -> Response:
        found = await context.read(partial(cancelling, context, caller, batch_id))
        return page(request, "batch_cancel.html", found | {"key": once.new()})

    @router.post(f"{PATH}/cancel")
    async def cancel(caller: Operator, batch_id: Id, key: once.Key) -> Response:
        sent = once.Sent(f"/batches/{batch_id}/cancel", key)
        return await once.once(context, caller, sent, partial(cancelled, context, caller, batch_id))


def add_retry(router: APIRouter, context: Context) -> None:
    @router.get(f"{PATH}/retry")
    async def foresee(request: Request, caller: Operator, batch_id: Id) -> Response:
        found = await context.read(partial(retrying, context, caller, batch_id))
        return page(request, "batch_retry.html", found | {"key": once.new()})

    @router.post(f"{PATH}/retry")
    async def retry(caller: Operator, batch_id: Id, key: once.Key) -> Response:
        sent = once.Sent(f"/batches/{batch_id}/retry", key)
        return await once.once(context, caller, sent, partial(retried, caller, batch_id))


def cancelled(context: Context, caller: Caller, batch: UUID, db: Connection) -> str:
    """The page to go to. Raises Problem, ConfigError for a batch that has ended."""
    seen.require_batch(db, caller, batch)
    cancel_within(db, batch, batch_orders.by(caller, reason=REASON), is_pushed=context.facts.is_pushed)
    return f"/batches/{batch}"


def retried(caller: Caller, batch: UUID, db: Connection) -> str:
    """The page to go to. Raises Problem, ConfigError for a batch with nothing to ask again."""
    seen.require_batch(db, caller, batch)
    retry_within(db, batch, batch_orders.by(caller, reason=REASON))
    return f"/batches/{batch}"


def stands(context: Context, caller: Caller, batch: UUID, db: Connection) -> Stands:
    seen.require_batch(db, caller, batch)
    found = batch_orders.stands(db, context, batch)
    waits = wait_words.lines(found.waiting_for or (), found.seen_at, context.facts.most_running)
    failures = failure_groups.of_batch(db, batch) if found.failed else []
    may_operate = caller.scope.contains(Scope.OPERATE)
    return Stands(
        found,
        stages.bars(found),
        waits,
        failures,
        is_open=found.state in OPEN_BATCHES,
        may_cancel=may_operate and found.state in CANCELLABLE,
        may_retry=may_operate and found.state in RETRIABLE and found.pruned_at is None,
    )


def whole(context: Context, caller: Caller, batch: UUID, db: Connection) -> dict[str, Any]:
    found = stands(context, caller, batch, db)
    slow = batch_calls.slowest(db, batch, SLOWEST)
    calls = batch_calls.calls(db, batch, slow, MOST_CALLS)
    told = {
        "timeline": waterfall.of_batch(slow, calls, found.batch.seen_at),
        "slowest": len(slow),
        "looked_at": batch_calls.LOOKED_AT,
        # Who works for the installation is told to tokens of all partners only.
        "audit": audits.of_batch(db, batch) if caller.partner_id is None else None,
    }
    return found._asdict() | sent_of(caller, batch, db) | told


def sent(caller: Caller, batch: UUID, db: Connection) -> dict[str, Any]:
    """Drawn again while anything waits to be sent: that goes on after the batch's stream has ended. Raises Problem."""
    seen.require_batch(db, caller, batch)
    return sent_of(caller, batch, db)


def sent_of(caller: Caller, batch: UUID, db: Connection) -> dict[str, Any]:
    pushes, deliveries = batch_sending.pushes(db, batch), batch_sending.deliveries(db, batch, caller.partner_id)
    is_waiting = any(one.status is PushStatus.PENDING for one in pushes)
    is_waiting |= any(one.status is DeliveryStatus.PENDING for one in deliveries)
    return {"batch_id": batch, "pushes": pushes, "deliveries": deliveries, "is_waiting": is_waiting}


def listed(
    context: Context, caller: Caller, batch: UUID, wanted: RunFilters, after: int, db: Connection
) -> dict[str, Any]:
    found = runs_of(caller, batch, wanted, ROWS + 1, after, db)
    given = {"state": wanted.state, "model": wanted.model, "failed": wanted.failed}
    path, of = f"/batches/{batch}/runs", batch_orders.stands(db, context, batch)
    following = encode(found[ROWS - 1].number) if len(found) > ROWS else None
    return {
        "batch": of,
        "rows": found[:ROWS],
        "wanted": wanted,
        "is_filtered": any(given.values()),
        "next": following and links.to(path, given | {"cursor": following}),
        "states": list(RunState),
        "failures": failure_groups.of_batch(db, batch) if of.failed and not after else [],
    }


def cancelling(context: Context, caller: Caller, batch: UUID, db: Connection) -> dict[str, Any]:
    """What would be lost, or why there is nothing to cancel."""
    seen.require_batch(db, caller, batch)
    told: dict[str, Any] = {"batch": batch_orders.stands(db, context, batch), "foreseen": None, "refused": ""}
    try:
        told |= {"foreseen": batch_orders.foresee_cancel(caller, batch, db)}
    except ConfigError as error:
        return told | {"refused": str(error)}
    return told | {"under_way": stopping.under_way(db, [batch], POLICY.lease_seconds)}


def retrying(context: Context, caller: Caller, batch: UUID, db: Connection) -> dict[str, Any]:
    """What would be asked again and cost, or why not."""
    seen.require_batch(db, caller, batch)
    told: dict[str, Any] = {"batch": batch_orders.stands(db, context, batch), "estimate": None, "refused": ""}
    try:
        return told | {"estimate": batch_orders.foresee_retry(caller, batch, db)}
    except ConfigError as error:
        return told | {"refused": str(error)}
