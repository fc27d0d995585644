"""`/tokens`: made, listed, revoked."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Name
from senso.api.paging import Cursor, decode
from senso.api.problems import Problem
from senso.api.routes.tokens import NewToken, granted
from senso.dashboard import links, once
from senso.dashboard.cutting import ROWS, cut
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.once import Sent
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.queries import tokens as rows
from senso.reads import tokens as reads
from senso.reads.tokens import Token
from senso.workflows import tokens
from senso.workflows.tokens import DEFAULT_DAYS, MOST_DAYS, Wanted

Admin = Annotated[Caller, needs(Scope.ADMIN)]
SHOWN_BEFORE = "sent before"  # the token itself is kept nowhere


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))
    add_list(router, context)
    add_changes(router, context)
    return router


def add_list(router: APIRouter, context: Context) -> None:
    @router.get("/tokens")
    async def list_tokens(request: Request, caller: Admin, cursor: Cursor = None) -> Response:
        after = decode(cursor, datetime, UUID)
        found = await context.read_latest(partial(reads.listed, partner=caller.partner_id, after=after, most=ROWS + 1))
        kept, following = cut(found, lambda one: (one.created_at, one.id))
        next_one = links.to("/tokens", {"cursor": following}) if following else None
        scopes = [one for one in Scope if caller.scope.contains(one)]
        values = {"rows": kept, "next": next_one, "scopes": scopes, "key": once.new(), "days": DEFAULT_DAYS}
        return page(request, "tokens.html", values)


def add_changes(router: APIRouter, context: Context) -> None:
    @router.post("/tokens")
    async def make_token(
        request: Request,
        caller: Admin,
        name: Annotated[Name, Form()],
        scope: Annotated[Scope, Form()],
        key: once.Key,
        partner_id: Annotated[UUID | None, MAY_BE_EMPTY, Form()] = None,
        days: Annotated[int, Field(ge=1, le=MOST_DAYS), Form()] = DEFAULT_DAYS,
    ) -> Response:
        """The answer is the page that shows it, this once: an address must not have it."""
        wanted = granted(caller, NewToken(name=name, scope=scope, partner_id=partner_id, expires_in_days=days))
        made = await context.write(partial(make, caller, wanted, Sent("/tokens", key, asked(wanted))))
        return page(request, "token_made.html", {"made": made})

    @router.post("/tokens/{token_id}/revoke")
    async def revoke_token(caller: Admin, token_id: UUID) -> Response:
        """Revoked already, it stays as it is."""
        await context.write(partial(revoke, caller, token_id))
        return RedirectResponse("/tokens", HTTPStatus.SEE_OTHER)


def make(caller: Caller, wanted: Wanted, sent: Sent, db: Connection) -> tuple[Token, str] | None:
    """None: the same form was sent before. Raises Problem for another form with its key, NotFound, ConfigError."""
    key = f"page:{sent.key}"
    earlier = rows.claim(db, caller.token_id, key, sent.digest)
    if earlier is None:
        made = tokens.create(db, wanted, caller.actor)
        rows.answered(db, caller.token_id, key, HTTPStatus.OK, SHOWN_BEFORE)
        return made
    if earlier.hash != sent.digest:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, once.USED)
    return None


def asked(wanted: Wanted) -> dict[str, str]:
    partner = str(wanted.partner_id or "")
    return {"name": wanted.name, "scope": wanted.scope, "partner": partner, "days": str(wanted.days)}


def revoke(caller: Caller, token: UUID, db: Connection) -> Token:
    """Raises NotFound."""
    return tokens.revoke(db, token, caller.actor, partner=caller.partner_id)
