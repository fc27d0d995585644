"""`/login`, `/logout`."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access.guard import accepted
from senso.api.access.logins import Logins, network
from senso.api.context import Context, write
from senso.api.problems import Problem
from senso.dashboard.page_route import OpenPage
from senso.dashboard.rendering import page
from senso.dashboard.sessions import COOKIE, set_cookie
from senso.queries.tokens import Known
from senso.workflows import sessions
from senso.workflows.sessions import FORM as COOKIE_FORM
from senso.workflows.tokens import FORM, digest

LONGEST = 500
ENDED = "the session has ended, or its token was revoked or has expired; log in again"
Next = Annotated[str, Query(alias="next", max_length=2000)]
Token = Annotated[str, Form(max_length=LONGEST)]
Wanted = Annotated[str, Form(max_length=2000)]


def routes(context: Context) -> APIRouter:
    router, logins = APIRouter(route_class=OpenPage), Logins()

    @router.get("/login")
    async def login_form(request: Request, wanted: Next = "/", ended: Annotated[bool, Query()] = False) -> Response:
        error = ENDED if ended else ""
        return page(request, "login.html", {"wanted": own_path(wanted), "error": error})

    @router.post("/login")
    async def login(request: Request, token: Token = "", wanted: Wanted = "/") -> Response:
        address = network(request.client.host if request.client else "")
        try:
            cookie = await context.places.run(partial(begin, logins, token.strip(), address))
        except Problem as problem:
            values = {"wanted": own_path(wanted), "error": problem.detail}
            wait = (problem.headers or {}).get("Retry-After")
            headers = {"Retry-After": wait} if wait else {}
            return page(request, "login.html", values, HTTPStatus(problem.status), headers)
        response = RedirectResponse(own_path(wanted), HTTPStatus.SEE_OTHER)
        set_cookie(response, request, cookie)
        return response

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        cookie = request.cookies.get(COOKIE, "")
        if COOKIE_FORM.fullmatch(cookie):
            await context.write(partial(sessions.end, cookie=cookie))
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE)
        return response

    return router


def begin(logins: Logins, token: str, address: str) -> str:
    """What the cookie holds. Raises Problem."""
    known = proven(logins, token, address)
    return write(partial(sessions.begin, token=known.id))


def proven(logins: Logins, token: str, address: str) -> Known:
    of_token = digest(token) if FORM.fullmatch(token) else None
    logins.require_open(address, of_token)
    try:
        found = accepted(of_token)
    except Problem:
        logins.failed(address, of_token)
        raise
    logins.succeeded(found.hash)
    return found


def own_path(wanted: str) -> str:
    """A path of this dashboard; anything else would lead a reader who has just logged in to another site."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_own and "\\" not in wanted else "/"
