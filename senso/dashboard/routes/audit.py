"""`/audit`: who did what, to what, when."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.days import Day
from senso.api.models import Line
from senso.api.paging import Cursor, decode
from senso.dashboard import links
from senso.dashboard.cutting import ROWS, cut
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.reads import audit_pages
from senso.reads.audit_pages import Audited, Filters
from senso.states import Action
from senso.typed_ids import id_in

Reader = Annotated[Caller, needs(Scope.READ)]
PAGES = {"partner": "/partners", "org": "/orgs", "batch": "/batches"}


def filters(
    actor: Annotated[Line | None, MAY_BE_EMPTY] = None,
    action: Annotated[Action | None, MAY_BE_EMPTY] = None,
    subject: Annotated[Line | None, MAY_BE_EMPTY] = None,
    batch: Annotated[UUID | None, MAY_BE_EMPTY] = None,
    partner_id: Annotated[UUID | None, MAY_BE_EMPTY] = None,
    since: Annotated[Day | None, MAY_BE_EMPTY] = None,
    until: Annotated[Day | None, MAY_BE_EMPTY] = None,
) -> Filters:
    return Filters(actor, action, subject, batch, partner_id, since, until)


Chosen = Annotated[Filters, Depends(filters)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/audit")
    async def audit(request: Request, caller: Reader, chosen: Chosen, cursor: Cursor = None) -> Response:
        if cleaned := links.without_empty(request):
            return cleaned
        last = decode(cursor, int)
        found = await context.read(partial(audited, caller, chosen, last[0] if last else None))
        rows, following = cut(found, lambda one: (one.id,))
        values = {"rows": rows, "chosen": chosen, "actions": [("", "all"), *Action], "link": link, "linked": linked}
        values["next"] = links.to("/audit", said_of(chosen) | {"cursor": following}) if following else None
        return page(request, "audit.html", values)

    return router


def audited(caller: Caller, chosen: Filters, before: int | None, db: Connection) -> list[Audited]:
    """Whoever is of a partner sees what concerns that one, without names of who runs the installation.

    Raises Problem.
    """
    if chosen.partner is not None:
        seen.require_partner(db, caller, chosen.partner)
    own = Filters(**said_by_field(chosen) | {"partner": chosen.partner or caller.partner_id})
    return audit_pages.page(db, own, before, ROWS + 1, reader=caller.partner_id)


def said_by_field(chosen: Filters) -> dict[str, Any]:
    return {name: getattr(chosen, name) for name in Filters.__slots__}


def said_of(chosen: Filters) -> dict[str, Any]:
    """As the query has them."""
    said = said_by_field(chosen)
    return {"partner_id" if name == "partner" else name: value for name, value in said.items()}


def linked(chosen: Filters, **changed: object) -> str:
    """The same page with other filters."""
    return links.to("/audit", said_of(chosen) | changed)


def link(subject: str | None) -> str | None:
    """The page of a subject such as org:ID."""
    kind, _, name = (subject or "").partition(":")
    return f"{PAGES[kind]}/{name}" if kind in PAGES and id_in(name) else None
