"""`/orgs/{id}/names`: what an organisation may be called, and decisions about names that wait."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.models import Id, Number
from senso.api.shown.orgs import Decision, OrgNames
from senso.db import Connection
from senso.reads import names
from senso.states import ProposalState
from senso.workflows import name_decisions

Reader = Annotated[Caller, needs(Scope.READ)]
Operator = Annotated[Caller, needs(Scope.OPERATE)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}/names", tags=["organisations"])

    @router.get("", response_model=OrgNames)
    async def show_names(request: Request, caller: Reader, org_id: Id) -> Response:
        """The names that are searched for in answers, where each comes from, and those that wait for a person."""
        return answer(request, await context.read(partial(shown, caller, org_id)))

    @router.post("/{proposal}/accept", response_model=Decision)
    async def accept_name(
        request: Request, caller: Operator, org_id: Id, proposal: Number, _key: Key = None
    ) -> Response:
        """It counts from the next reading on. 409 where it is another organisation's, or among the not_names."""
        work = partial(decide, caller, org_id, proposal, ProposalState.ACCEPTED)
        return await once(context, caller, request, work)

    @router.post("/{proposal}/reject", response_model=Decision)
    async def reject_name(
        request: Request, caller: Operator, org_id: Id, proposal: Number, _key: Key = None
    ) -> Response:
        """It is not searched for, and not proposed again."""
        work = partial(decide, caller, org_id, proposal, ProposalState.REJECTED)
        return await once(context, caller, request, work)

    return router


def shown(caller: Caller, org: UUID, db: Connection) -> OrgNames:
    seen.require_org(db, caller, org)
    return OrgNames.model_validate(names.names_of(db, org))


def decide(
    caller: Caller, org: UUID, proposal: int, state: ProposalState, db: Connection
) -> tuple[HTTPStatus, Decision]:
    seen.require_org(db, caller, org)
    done = name_decisions.decide_proposal(db, org, proposal, state, caller.actor)
    return HTTPStatus.OK, Decision.model_validate(done)
