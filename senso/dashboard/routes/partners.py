"""`/partners`, `/partners/{id}`, `/partners/{id}/grant`: who pays, what they have, and what they have cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Line
from senso.api.paging import Cursor, decode
from senso.api.routes.partners import MOST_CREDITS, credits_of
from senso.dashboard import links
from senso.dashboard.cutting import ROWS, cut
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.queries import ledger, stops
from senso.queries.ledger import Granted, PartnerCredits
from senso.queries.stops import Stop
from senso.reads import days, directory, provider_calls
from senso.reads.days import PartnerCeiling
from senso.reads.provider_calls import ProviderDay
from senso.states import StopScope
from senso.workflows.granting import grant

Reader = Annotated[Caller, needs(Scope.READ)]
Admin = Annotated[Caller, needs(Scope.ADMIN)]
Search = Annotated[Line | None, MAY_BE_EMPTY]
Credits = Annotated[int | None, Field(ge=1, le=MOST_CREDITS), MAY_BE_EMPTY]
DAYS = 7


@dataclass(frozen=True, slots=True)
class Partner:
    """`stops`: that hold it. `granted`: under a ref that was asked for. `days`: what calls for it have cost."""

    credits: PartnerCredits
    ceiling: PartnerCeiling | None
    stops: Sequence[Stop]
    days: Sequence[ProviderDay]
    granted: Granted | None

    @property
    def is_paused(self) -> bool:
        return any(one.by is not None and one.scope is StopScope.PARTNER for one in self.stops)


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))
    add_reads(router, context)
    add_grant(router, context)
    return router


def add_reads(router: APIRouter, context: Context) -> None:
    @router.get("/partners")
    async def partners(request: Request, caller: Reader, search: Search = None, cursor: Cursor = None) -> Response:
        if cleaned := links.without_empty(request):
            return cleaned
        after = decode(cursor, UUID)
        last = after[0] if after else None
        work = partial(directory.partners_after, after=last, search=search or "", only=caller.partner_id, most=ROWS + 1)
        rows, following = cut(await context.read(work), lambda one: (one.id,))
        next_one = links.to("/partners", {"search": search, "cursor": following}) if following else None
        return page(request, "partners.html", {"rows": rows, "search": search, "next": next_one})

    @router.get("/partners/{partner_id}")
    async def partner(
        request: Request,
        caller: Reader,
        partner_id: UUID,
        granted: Annotated[Line | None, MAY_BE_EMPTY] = None,
        freed: int | None = None,
    ) -> Response:
        found = await context.read_latest(partial(standing, caller, partner_id, granted))
        return page(request, "partner.html", {"found": found, "granted_ref": granted, "freed": freed})


def add_grant(router: APIRouter, context: Context) -> None:
    @router.get("/partners/{partner_id}/grant")
    async def grant_form(
        request: Request,
        caller: Admin,
        partner_id: UUID,
        credits: Credits = None,  # noqa: A002  as the API names it
        ref: Annotated[Line | None, MAY_BE_EMPTY] = None,
    ) -> Response:
        """Without an amount and a ref it asks for them; with both it asks whether to do it."""
        found = await context.read_latest(partial(to_grant, caller, partner_id, ref))
        values = {"found": found[0], "before": found[1], "amount": credits, "ref": ref}
        return page(request, "grant.html", values)

    @router.post("/partners/{partner_id}/grant")
    async def give(
        caller: Admin,
        partner_id: UUID,
        credits: Annotated[int, Form(ge=1, le=MOST_CREDITS)],  # noqa: A002
        ref: Annotated[Line, Form()],
    ) -> Response:
        """Once under a ref: the same form sent twice grants once."""
        await context.write(partial(given, caller, partner_id, credits, ref))
        return RedirectResponse(links.to(f"/partners/{partner_id}", {"granted": ref}), HTTPStatus.SEE_OTHER)


def standing(caller: Caller, partner: UUID, ref: str | None, db: Connection) -> Partner:
    """Raises Problem."""
    found = credits_of(caller, partner, db)
    given = ledger.granted(db, ref) if ref else None
    return Partner(
        credits=found,
        ceiling=next(iter(days.ceilings(db, 1, partner)), None),
        stops=[one for one in stops.in_force(db) if holds(one, caller, partner)],
        days=provider_calls.days(db, DAYS, partner),
        granted=given if given is not None and given.partner_id == partner else None,
    )


def holds(one: Stop, caller: Caller, partner: UUID) -> bool:
    """What holds all others too is told to who may see all of them."""
    return one.subject == str(partner) or (one.scope is StopScope.ALL and caller.partner_id is None)


def to_grant(caller: Caller, partner: UUID, ref: str | None, db: Connection) -> tuple[PartnerCredits, Granted | None]:
    """And what was granted under the ref before. Raises Problem."""
    found = credits_of(caller, partner, db)
    seen.require_all_partners(caller)
    return found, ledger.granted(db, ref) if ref else None


def given(caller: Caller, partner: UUID, amount: int, ref: str, db: Connection) -> None:
    """Raises Problem, and ConfigError for a ref of another grant."""
    seen.require_partner(db, caller, partner)
    seen.require_all_partners(caller)
    grant(db, partner, amount, ref, caller.actor)
