"""Whose page it is: a session that began with a token, kept in a cookie that no script can read."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access import Caller
from senso.api.access import caller as callers
from senso.api.context import Context
from senso.api.problems import Problem
from senso.db import at_once
from senso.limits.requests import counter
from senso.queries import sessions, tokens
from senso.queries.tokens import Known
from senso.workflows.sessions import DAYS, FORM
from senso.workflows.tokens import digest

COOKIE = "senso_session"
LOGIN = "/login"
SECONDS_OF_DAY = 86_400


class LoggedOut(Problem):
    """Nobody has logged in, or whoever did is no longer let in."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, detail)


async def admit(context: Context, request: Request) -> None:
    """Keeps the caller for the dependency that asks for its scope. Raises LoggedOut, and Problem 429."""
    cookie = request.cookies.get(COOKIE, "")
    if not FORM.fullmatch(cookie):
        raise LoggedOut("log in to see this page")
    callers.keep(request.scope, await context.places.run(partial(caller_of, cookie, context.limits.requests)))


def caller_of(cookie: str, most: int) -> Caller:
    """`most`: requests in a minute."""
    with at_once() as db:
        known = sessions.find(db, digest(cookie))
        if known is None or known.is_revoked or known.is_expired:
            raise LoggedOut("the session has ended; log in again")
        if known.is_stale:
            tokens.used(db, known.id)
    require_allowed(known, most)
    return Caller(known.id, known.name, known.partner_id, known.scope)


def require_allowed(known: Known, most: int) -> None:
    """Pages are counted apart from the requests that programs make with the same token. Raises Problem 429."""
    standing = counter.take("session", str(known.id), most)
    if standing is not None and not standing.allowed:
        headers = {"Retry-After": str(standing.retry_seconds)}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many pages in a minute; wait a moment", headers=headers)


def set_cookie(response: Response, request: Request, cookie: str) -> None:
    """Lax: a link from a message to a page works; a form of another site does not."""
    response.set_cookie(
        COOKIE, cookie, max_age=DAYS * SECONDS_OF_DAY, httponly=True, samesite="lax", secure=is_secure(request)
    )


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy in front."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))


def to_login(request: Request) -> Response:
    """A page is come back to after the login; htmx is told to leave the page that it is part of."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = f"{LOGIN}?next={quote(wanted, safe='/')}" if request.method == "GET" else LOGIN
    if is_fragment(request.headers):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": LOGIN})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def is_fragment(headers: Mapping[str, str]) -> bool:
    """Whether htmx asks for a part of a page."""
    return headers.get("hx-request") == "true"
