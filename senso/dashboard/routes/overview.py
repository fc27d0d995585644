"""`/`: how things stand now."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/")
    async def overview(request: Request, caller: Annotated[Caller, needs(Scope.READ)]) -> Response:
        return page(request, "overview.html", {"of": caller.partner_id})

    return router
