"""A route of the original, at its own address: today's batch of an org."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response

from senso.api import ORIGINAL
from senso.api.access import Caller, Scope, needs
from senso.api.batch_bodies import OrgTrigger
from senso.api.context import Context
from senso.api.idempotency import Key
from senso.api.models import Id
from senso.api.routes.batches import trigger
from senso.api.shown.batches import TriggeredBatch
from senso.states import BatchKind


def routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["batches"])

    @router.post(
        f"{ORIGINAL}/evaluation/{{org_id}}",
        response_model=TriggeredBatch,
        status_code=HTTPStatus.CREATED,
        responses={HTTPStatus.OK: {"model": TriggeredBatch, "description": "there was one"}},
    )
    async def evaluate_org(
        request: Request, caller: Annotated[Caller, needs(Scope.TRIGGER)], org_id: Id, _key: Key = None
    ) -> Response:
        """The same as `POST /api/v1/batches` with this org. A body is ignored."""
        return await trigger(context, request, caller, OrgTrigger(kind=BatchKind.ORG, org_id=org_id))

    return router
