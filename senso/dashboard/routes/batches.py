"""`/batches`: the list, by filters that stand in its address."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.days import Day
from senso.api.paging import Cursor, decode, encode
from senso.api.problems import invalid
from senso.api.routes.batches import listed
from senso.dashboard import links
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.queries.selections import Filters
from senso.reads.batch_list import BatchFilters
from senso.reads.status import BatchStatus
from senso.states import BatchKind, BatchState

ROWS = 50
# A reason is looked for in the runs of each batch: of so many days, unless others are named.
REASON_DAYS = 7
PATH = "/batches"
Reader = Annotated[Caller, needs(Scope.READ)]
States = Annotated[list[BatchState] | None, Query(max_length=len(BatchState))]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]


Date = Annotated[Day | None, links.MAY_BE_EMPTY]
Id = Annotated[UUID | None, links.MAY_BE_EMPTY]


def filters(
    state: States = None,
    kind: Annotated[BatchKind | None, links.MAY_BE_EMPTY] = None,
    since: Date = None,
    until: Date = None,
    org_id: Id = None,
    network_id: Id = None,
    partner_id: Id = None,
    reason: Annotated[Words | None, links.MAY_BE_EMPTY] = None,
) -> BatchFilters:
    """Dates are of batches, UTC, both included."""
    if since and until and until < since:
        raise invalid([("query.until", f"is before since: {until} is before {since}")])
    return BatchFilters(tuple(state or ()), kind, since, until, org_id, network_id, partner_id, reason)


Wanted = Annotated[BatchFilters, Depends(filters)]


def values(wanted: BatchFilters) -> dict[str, Any]:
    """As the address of the list has them."""
    return {
        "state": list(wanted.states),
        "kind": wanted.kind,
        "since": wanted.since,
        "until": wanted.until,
        "org_id": wanted.org,
        "network_id": wanted.network,
        "partner_id": wanted.partner,
        "reason": wanted.reason,
    }


def address(wanted: BatchFilters, **more: Any) -> str:
    return links.to(PATH, values(wanted) | more)


def matching(wanted: BatchFilters, caller: Caller) -> Filters:
    """The same batches, for those who change them; of a partner's token, its own."""
    return Filters(
        states=tuple(wanted.states),
        reason=wanted.reason,
        partner=wanted.partner or caller.partner_id,
        org=wanted.org,
        kind=wanted.kind,
        network=wanted.network,
        first_day=wanted.since,
        last_day=wanted.until,
    )


def today() -> date:
    return datetime.now(UTC).date()


def bounded(wanted: BatchFilters) -> BatchFilters:
    """A reason without a first day gets one."""
    if wanted.reason and wanted.since is None:
        last = wanted.until or today()
        return replace(wanted, since=date.fromordinal(max(1, last.toordinal() - REASON_DAYS + 1)))
    return wanted


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get(PATH)
    async def batches(request: Request, caller: Reader, wanted: Wanted, cursor: Cursor = None) -> Response:
        if (elsewhere := links.without_empty(request)) is not None:
            return elsewhere
        if (limited := bounded(wanted)) != wanted:
            return RedirectResponse(address(limited), 303)
        after = decode(cursor, UUID)
        found = await context.read(partial(listed, caller, wanted, ROWS + 1, after[0] if after else None))
        following = encode(found[ROWS - 1].id) if len(found) > ROWS else None
        return page(request, "batches.html", shown(caller, wanted, found[:ROWS], following, is_first=cursor is None))

    return router


def shown(
    caller: Caller, wanted: BatchFilters, found: list[BatchStatus], following: str | None, *, is_first: bool
) -> dict[str, Any]:
    given = values(wanted)
    return {
        "rows": found,
        "next": following and address(wanted, cursor=following),
        "is_first": is_first,
        "wanted": wanted,
        "given": given,
        "is_filtered": any(given.values()),
        "without": {name: links.to(PATH, given | {name: None}) for name, value in given.items() if value},
        "states": list(BatchState),
        "kinds": list(BatchKind),
        "may_operate": caller.scope.contains(Scope.OPERATE),
        "retry": links.to(f"{PATH}/change", given | {"action": "retry"}),
        "cancel": links.to(f"{PATH}/change", given | {"action": "cancel"}),
        "today": links.to(PATH, {"since": today(), "until": today()}),
    }
