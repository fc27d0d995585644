"""`/live`, `/live/batches/{id}`: live events for pages, from the same hub as those of the API."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Id
from senso.api.routes.live import LastId, stream
from senso.dashboard.page_route import page_route
from senso.reads import live

Reader = Annotated[Caller, needs(Scope.READ)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/live", route_class=page_route(context))

    @router.get("")
    async def all_events(caller: Reader, last_id: LastId = None) -> Response:
        return await stream(context, caller, live.Scope(partner=caller.partner_id), last_id)

    @router.get("/batches/{batch_id}")
    async def batch_events(caller: Reader, batch_id: Id, last_id: LastId = None) -> Response:
        return await stream(context, caller, live.Scope(batch=batch_id), last_id)

    return router
