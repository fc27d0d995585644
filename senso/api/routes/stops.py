"""Pauses of everything, a provider, a model or a partner; and all stops that are in force."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.batch_bodies import StopReason
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Id, Line
from senso.api.problems import invalid
from senso.api.shown.providers import Stop, StopChange, StopsInForce
from senso.db import Connection
from senso.queries import stops
from senso.queries.stops import Scope as Subject
from senso.states import StopScope
from senso.typed_ids import id_in
from senso.workflows import stopping

Operator = Annotated[Caller, needs(Scope.OPERATE)]
Name = Annotated[Line, Path()]
NO_REASON = StopReason()


def routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["pauses"], route_class=Route)
    add_whole(router, context)
    add_providers(router, context)
    add_models(router, context)
    add_partners(router, context)
    return router


def add_whole(router: APIRouter, context: Context) -> None:
    @router.get("/pauses", response_model=StopsInForce)
    async def list_pauses(request: Request, caller: Annotated[Caller, needs(Scope.READ)]) -> Response:
        """What keeps paid calls from beginning: pauses, and cost ceilings that were reached. For all partners only."""
        seen.require_all_partners(caller)
        return answer(request, await context.read(in_force))

    @router.post("/pause", response_model=StopChange)
    async def pause_all(request: Request, caller: Operator, body: StopReason = NO_REASON, _key: Key = None) -> Response:
        """No paid call begins; those under way end and are saved. For tokens of all partners only."""
        return await change(context, request, caller, pausing(caller, body), StopScope.ALL)

    @router.post("/resume", response_model=StopChange)
    async def resume_all(request: Request, caller: Operator, _key: Key = None) -> Response:
        """Ends the pause of everything. For tokens of all partners only."""
        return await change(context, request, caller, resuming(caller), StopScope.ALL)


def add_providers(router: APIRouter, context: Context) -> None:
    @router.post("/providers/{name}/pause", response_model=StopChange)
    async def pause_provider(
        request: Request, caller: Operator, name: Name, body: StopReason = NO_REASON, _key: Key = None
    ) -> Response:
        """No call to this provider begins. For tokens of all partners only."""
        return await change(context, request, caller, pausing(caller, body), StopScope.PROVIDER, name)

    @router.post("/providers/{name}/resume", response_model=StopChange)
    async def resume_provider(request: Request, caller: Operator, name: Name, _key: Key = None) -> Response:
        """Ends the pause of this provider. For tokens of all partners only."""
        return await change(context, request, caller, resuming(caller), StopScope.PROVIDER, name)


def add_models(router: APIRouter, context: Context) -> None:
    @router.post("/models/{slug}/pause", response_model=StopChange)
    async def pause_model(
        request: Request, caller: Operator, slug: Name, body: StopReason = NO_REASON, _key: Key = None
    ) -> Response:
        """No call to this model begins. For tokens of all partners only."""
        return await change(context, request, caller, pausing(caller, body), StopScope.MODEL, slug)

    @router.post("/models/{slug}/resume", response_model=StopChange)
    async def resume_model(request: Request, caller: Operator, slug: Name, _key: Key = None) -> Response:
        """Ends the pause of this model. For tokens of all partners only."""
        return await change(context, request, caller, resuming(caller), StopScope.MODEL, slug)


def add_partners(router: APIRouter, context: Context) -> None:
    @router.post("/partners/{partner_id}/pause", response_model=StopChange)
    async def pause_partner(
        request: Request, caller: Operator, partner_id: Id, body: StopReason = NO_REASON, _key: Key = None
    ) -> Response:
        """No call that this partner pays for begins."""
        return await change(context, request, caller, pausing(caller, body), StopScope.PARTNER, str(partner_id))

    @router.post("/partners/{partner_id}/resume", response_model=StopChange)
    async def resume_partner(request: Request, caller: Operator, partner_id: Id, _key: Key = None) -> Response:
        """Ends the pause of this partner."""
        return await change(context, request, caller, resuming(caller), StopScope.PARTNER, str(partner_id))


Change = Callable[[Connection, Subject], stopping.Done]


def pausing(caller: Caller, body: StopReason) -> Change:
    return lambda db, subject: stopping.pause_within(db, subject, caller.actor, body.reason)


def resuming(caller: Caller) -> Change:
    return lambda db, subject: stopping.resume_within(db, subject, caller.actor)


async def change(
    context: Context, request: Request, caller: Caller, do: Change, scope: StopScope, name: str | None = None
) -> Response:
    """Raises Problem and NotFound."""

    def work(db: Connection) -> tuple[HTTPStatus, StopChange]:
        return HTTPStatus.OK, shown(caller, do(db, subject_for(db, caller, scope, name)))

    return await once(context, caller, request, work)


def subject_for(db: Connection, caller: Caller, scope: StopScope, name: str | None) -> Subject:
    """What a caller may pause: whoever is of a partner that partner, and nothing else. Raises Problem and NotFound."""
    if scope is not StopScope.PARTNER:
        seen.require_all_partners(caller)
    require_name(scope, name)
    if scope is StopScope.PARTNER:
        seen.require(caller, id_in(name or ""), "partner", name)
    return stopping.subject_named(db, scope, name)


def require_name(scope: StopScope, name: str | None) -> None:
    """Of everything but everything. Raises Problem."""
    if scope is StopScope.ALL and name is not None:
        raise invalid([("name", "does not go with the scope all, which is everything")])
    if scope is not StopScope.ALL and name is None:
        raise invalid([("name", f"is missing: say which {scope}{', by its id' if scope is StopScope.PARTNER else ''}")])


def shown(caller: Caller, done: stopping.Done) -> StopChange:
    """The other stops only to a token of all partners: they may be another partner's."""
    told = [one for one in done.in_force if caller.partner_id is None or one.subject == str(caller.partner_id)]
    return StopChange.model_validate(
        {"subject": done.subject, "changed": done.changed, "freed": done.freed, "in_force": told}
    )


def in_force(db: Connection) -> StopsInForce:
    return StopsInForce(stops=[Stop.model_validate(one) for one in stops.in_force(db)])
