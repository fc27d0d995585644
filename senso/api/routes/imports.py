"""`/import`: partners, organisations, networks and models, as an import file has them."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from senso.api import org_writes
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.shown.orgs import Imported
from senso.imports.schema import Contents

Admin = Annotated[Caller, needs(Scope.ADMIN)]
DryRun = Annotated[bool, Query(description="only say what would change; nothing is written")]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/import", tags=["organisations"], route_class=Route)

    @router.post("", response_model=Imported)
    async def import_all(
        request: Request, caller: Admin, body: Contents, dry_run: DryRun = False, _key: Key = None
    ) -> Response:
        """Makes what the body describes equal to it, or nothing at all; sent again it changes nothing.

        A token of one partner writes that partner's organisations and networks, and neither credits nor models.
        """
        work = partial(org_writes.take_in, caller, body, dry_run=dry_run)
        async with context.turn_to_import():
            if dry_run:
                _, foreseen = await context.write(work)
                return answer(request, foreseen)
            return await once(context, caller, request, work)

    return router
