"""`/tokens`: made, listed, revoked. Whoever has one of a partner sees and makes that partner's only."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Body, Id, Name, Page, Shown
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page
from senso.api.problems import Problem
from senso.db import Connection
from senso.errors import NotFound
from senso.reads import tokens as reads
from senso.records import record
from senso.workflows import tokens
from senso.workflows.tokens import DEFAULT_DAYS, MOST_DAYS, Wanted

Admin = Annotated[Caller, needs(Scope.ADMIN)]


class NewToken(Body):
    name: Annotated[Name, Field(description="what it is for", examples=["reporting"])]
    scope: Annotated[Scope, Field(description="what it permits; each contains those before it", examples=["read"])]
    partner_id: Annotated[
        Id | None, Field(description="unset: that of the token that asks, which may be all partners")
    ] = None
    expires_in_days: Annotated[int, Field(ge=1, le=MOST_DAYS, examples=[90])] = DEFAULT_DAYS


class TokenShown(Shown):
    id: Id
    name: str
    start: Annotated[str, Field(description="its first characters")]
    scope: Scope
    partner_id: Annotated[Id | None, Field(description="null: all partners")]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: Annotated[datetime | None, Field(description="to the minute; null: not yet")]
    revoked_at: datetime | None


class TokenMade(TokenShown):
    shown_once: ClassVar[frozenset[str]] = frozenset({"token"})
    token: Annotated[
        str | None, Field(description="the token itself, shown here only; null where a repeated request is answered")
    ]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/tokens", tags=["tokens"], route_class=Route)

    @router.get("", response_model=Page[TokenShown])
    async def list_tokens(
        request: Request, caller: Admin, limit: Limit = USUAL_ROWS, cursor: Cursor = None
    ) -> Response:
        """The newest first, with those that are revoked or have expired."""
        after = decode(cursor, datetime, UUID)
        found = await context.read(partial(reads.listed, partner=caller.partner_id, after=after, most=limit + 1))
        return answer(request, page(found, limit, lambda one: (one.created_at, one.id), TokenShown.model_validate))

    @router.post("", response_model=TokenMade, status_code=HTTPStatus.CREATED)
    async def create_token(request: Request, caller: Admin, body: NewToken, _key: Key = None) -> Response:
        """Makes a token, and shows it this once. It has at most the scope and the partner of the token that asks."""
        wanted = granted(caller, body)
        return await once(context, caller, request, partial(create, caller, wanted))

    @router.delete("/{token_id}", response_model=TokenShown)
    async def revoke_token(request: Request, caller: Admin, token_id: UUID, _key: Key = None) -> Response:
        """Revokes a token: it opens nothing from then on. Its row stays."""
        return await once(context, caller, request, partial(revoke, caller, token_id))

    return router


def granted(caller: Caller, body: NewToken) -> Wanted:
    """Raises Problem and NotFound."""
    if not caller.scope.contains(body.scope):
        said = f"a token of scope {caller.scope} makes none of scope {body.scope}"
        raise Problem(HTTPStatus.FORBIDDEN, said)
    partner = body.partner_id or caller.partner_id
    if not caller.may_see(partner):
        raise NotFound(f"no partner {partner}")
    return Wanted(body.name, body.scope, partner, body.expires_in_days)


def create(caller: Caller, wanted: Wanted, db: Connection) -> tuple[HTTPStatus, Shown]:
    made, secret = tokens.create(db, wanted, caller.actor)
    return HTTPStatus.CREATED, TokenMade.model_validate(record(made) | {"token": secret})


def revoke(caller: Caller, token: UUID, db: Connection) -> tuple[HTTPStatus, Shown]:
    return HTTPStatus.OK, TokenShown.model_validate(tokens.revoke(db, token, caller.actor, partner=caller.partner_id))
