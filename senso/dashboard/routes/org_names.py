"""`/orgs/{id}/names`, `/names`: what an organisation may be called, and decisions about names that wait."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import LARGEST, Id, Number
from senso.api.paging import Cursor, decode, encode
from senso.api.routes.names import decide
from senso.dashboard.links import to
from senso.dashboard.orgs.heads import Head, head
from senso.dashboard.orgs.links import filtering
from senso.dashboard.rendering import page
from senso.dashboard.routes.orgs import SAYING
from senso.db import Connection
from senso.queries.name_decisions import Proposal
from senso.reads import names, waiting_names
from senso.reads.names import OrgNames
from senso.reads.waiting_names import Waiting
from senso.states import ProposalState

Reader = Annotated[Caller, needs(Scope.READ)]
Operator = Annotated[Caller, needs(Scope.OPERATE)]
Decided = Annotated[int | None, Query(ge=1, le=LARGEST, description="a proposal that was decided just now")]
From = Annotated[str, Form(pattern="^(org|all)$", description="the page to go back to")]
ROWS = 50
ORIGINS = {
    "name": "its name",
    "domain": "its website",
    "alias": "an alias of the import file",
    "model": "proposed by a model, and counted by itself",
    "accepted": "proposed by a model, and accepted by a person",
}


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=filtering(context))
    add_pages(router, context)
    add_decisions(router, context)
    return router


def add_pages(router: APIRouter, context: Context) -> None:
    @router.get("/orgs/{org_id}/names")
    async def show_names(request: Request, caller: Reader, org_id: Id, decided: Decided = None) -> Response:
        found_head, found = await context.read(partial(names_of, caller, org_id))
        by_state = {state: [one for one in found.proposals if one.state is state] for state in ProposalState}
        just_now = next((one for one in found.proposals if one.id == decided and one.decided_by), None)
        values = {"head": found_head, "found": found, "by_state": by_state, "decided": just_now, "origins": ORIGINS}
        return page(request, "org_names.html", values | {"ProposalState": ProposalState} | SAYING)

    @router.get("/names")
    async def list_names(
        request: Request, caller: Reader, org_id: Id | None = None, decided: Decided = None, cursor: Cursor = None
    ) -> Response:
        """Of all organisations that the caller may see. `org_id`: whose `decided` is."""
        after = decode(cursor, int)
        work = partial(waiting, caller, org_id, decided, after[0] if after else 0)
        found, just_now = await context.read(work)
        following = to("/names", {"cursor": encode(found[ROWS - 1].id)}) if len(found) > ROWS else None
        values = {"found": found[:ROWS], "next": following, "decided": just_now, "org_id": org_id}
        return page(request, "names.html", values)


def names_of(caller: Caller, org: UUID, db: Connection) -> tuple[Head, OrgNames]:
    found_head, found = head(db, caller, org), names.names_of(db, org)
    assert found is not None  # noqa: S101  it has just been seen, and no org is deleted
    return found_head, found


def waiting(
    caller: Caller, org: UUID | None, decided: int | None, after: int, db: Connection
) -> tuple[list[Waiting], Proposal | None]:
    just_now = None
    if org is not None:
        seen.require_org(db, caller, org)
        of_org = names.names_of(db, org)
        just_now = next((one for one in of_org.proposals if one.id == decided), None) if of_org else None
    return waiting_names.page(db, partner=caller.partner_id, after=after, most=ROWS + 1), just_now


def add_decisions(router: APIRouter, context: Context) -> None:
    """Decided twice, it stays as it was decided first: the workflow says so by itself, and writes no second audit."""

    @router.post("/orgs/{org_id}/names/{proposal}/accept")
    async def accept_name(caller: Operator, org_id: Id, proposal: Number, back: From = "org") -> Response:
        await context.write(partial(decide, caller, org_id, proposal, ProposalState.ACCEPTED))
        return back_to(back, org_id, proposal)

    @router.post("/orgs/{org_id}/names/{proposal}/reject")
    async def reject_name(caller: Operator, org_id: Id, proposal: Number, back: From = "org") -> Response:
        await context.write(partial(decide, caller, org_id, proposal, ProposalState.REJECTED))
        return back_to(back, org_id, proposal)


def back_to(page_of: str, org: UUID, proposal: int) -> RedirectResponse:
    of_all = to("/names", {"org_id": org, "decided": proposal})
    of_org = to(f"/orgs/{org}/names", {"decided": proposal})
    return RedirectResponse(of_all if page_of == "all" else of_org, HTTPStatus.SEE_OTHER)
