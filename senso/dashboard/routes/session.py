"""`/session`: as whom somebody looks at these pages, and the end of that everywhere."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.dashboard.sessions import COOKIE, LOGIN
from senso.db import Connection
from senso.queries import sessions
from senso.reads import tokens
from senso.reads.tokens import Token

Reader = Annotated[Caller, needs(Scope.READ)]


@dataclass(frozen=True, slots=True)
class Session:
    """`token`: None for a person whom a proxy has let in. `open`: sessions of the token, this one included."""

    token: Token | None
    open: int


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/session")
    async def session(request: Request, caller: Reader) -> Response:
        return page(request, "session.html", {"found": await context.read_latest(partial(standing, caller))})

    @router.post("/session/end")
    async def end_everywhere(caller: Reader) -> Response:
        """Of the token, in all browsers; the token itself stays valid."""
        await context.write(partial(sessions.end_all, token=caller.token_id))
        response = RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE)
        return response

    return router


def standing(caller: Caller, db: Connection) -> Session:
    return Session(tokens.one(db, caller.token_id), sessions.open_of(db, caller.token_id))
