"""`/orgs`: what is watched, as an import file describes it; read and written."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from senso.api import org_writes, seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Body, Id, Line, Page
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page
from senso.api.shown.orgs import OrgListed, OrgQuestions, OrgShown, OrgWritten
from senso.db import Connection
from senso.imports.schema import OrgDocument, Question
from senso.reads import directory
from senso.reads.directory import Org

Reader = Annotated[Caller, needs(Scope.READ)]
Admin = Annotated[Caller, needs(Scope.ADMIN)]
Search = Annotated[Line | None, Query(description="a part of the name, or the beginning of the id")]
Of = Annotated[Id | None, Query(description="only organisations of this partner")]
MOST_QUESTIONS = 10_000


class QuestionList(Body):
    questions: Annotated[tuple[Question, ...], Field(max_length=MOST_QUESTIONS)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs", tags=["organisations"], route_class=Route)

    @router.get("", response_model=Page[OrgListed])
    async def list_orgs(
        request: Request,
        caller: Reader,
        search: Search = None,
        partner_id: Of = None,
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """By name."""
        after = decode(cursor, Id)
        found = await context.read(
            partial(listed, caller, search or "", partner_id, after=after[0] if after else None, most=limit + 1)
        )
        return answer(request, page(found, limit, lambda one: (one.id,), OrgListed.model_validate))

    @router.get("/{org_id}", response_model=OrgShown)
    async def show_org(request: Request, caller: Reader, org_id: Id) -> Response:
        """All that an import file says of it."""
        found = await context.read(partial(org_writes.described, caller=caller, org=org_id))
        return answer(request, org_writes.as_org(found))

    @router.put("/{org_id}", response_model=OrgWritten)
    async def put_org(request: Request, caller: Admin, org_id: Id, body: OrgDocument, _key: Key = None) -> Response:
        """Makes the organisation equal to the body, as an import does: a list that is left out becomes empty.

        Its id and its partner stay. New organisations come by `POST /import`.
        """
        async with context.turn_to_import():
            return await once(context, caller, request, partial(org_writes.put, caller, org_id, body))

    @router.get("/{org_id}/questions", response_model=OrgQuestions)
    async def show_questions(request: Request, caller: Reader, org_id: Id) -> Response:
        """Its own questions, in their order; those of its networks are the networks'."""
        found = await context.read(partial(org_writes.described, caller=caller, org=org_id))
        return answer(request, org_writes.as_questions(found))

    @router.put("/{org_id}/questions", response_model=OrgQuestions)
    async def put_questions(
        request: Request, caller: Admin, org_id: Id, body: QuestionList, _key: Key = None
    ) -> Response:
        """Makes its questions equal to these; all else of it stays."""
        work = partial(org_writes.put_questions, caller, org_id, body.questions)
        async with context.turn_to_import():
            return await once(context, caller, request, work)

    return router


def listed(
    caller: Caller, search: str, partner: Id | None, db: Connection, *, after: Id | None, most: int
) -> list[Org]:
    if partner is not None:
        seen.require_partner(db, caller, partner)
    return directory.orgs_after(db, after, search=search, partner=partner or caller.partner_id, most=most)
