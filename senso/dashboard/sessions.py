"""Whose page it is: a session that began with a token, kept in a cookie that no script can read; or a person's.

Whoever a proxy has let in may log in by a token too, such as one that may do more: then the token counts.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access import Caller
from senso.api.access import caller as callers
from senso.api.context import Context
from senso.api.problems import Problem
from senso.dashboard.own import own
from senso.db import at_once
from senso.limits.requests import counter
from senso.queries import sessions, tokens
from senso.workflows.sessions import DAYS, FORM
from senso.workflows.tokens import digest

COOKIE = "senso_session"
LOGIN = "/login"
SECONDS_OF_DAY = 86_400


class LoggedOut(Problem):
    """Nobody has logged in, or whoever did is no longer let in: then `has_ended`."""

    def __init__(self, detail: str, *, has_ended: bool = False) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, detail)
        self.has_ended = has_ended


async def admit(context: Context, request: Request) -> None:
    """Keeps the caller for the dependency that asks for its scope. Raises LoggedOut, and Problem 429."""
    cookie, person = request.cookies.get(COOKIE, ""), own(request).proxies.person(request)
    if person is None and not FORM.fullmatch(cookie):
        raise LoggedOut("log in to see this page")
    work = partial(caller_of, cookie, person, context.limits.requests)
    callers.keep(request.scope, await context.places.run(work))


def caller_of(cookie: str, person: Caller | None, most: int) -> Caller:
    """By the cookie, or else by the proxy. `most`: requests in a minute."""
    found = by_cookie(cookie) if FORM.fullmatch(cookie) else None
    found = found or person
    if found is None:
        raise LoggedOut("the session has ended; log in again", has_ended=True)
    require_allowed(found, most)
    return found


def by_cookie(cookie: str) -> Caller | None:
    session = digest(cookie)
    with at_once() as db:
        known = sessions.find(db, session)
        if known is None or known.is_revoked or known.is_expired:
            return None
        if known.is_stale:
            tokens.used(db, known.id)
    return Caller(known.id, known.name, known.partner_id, known.scope, session=session)


def require_allowed(caller: Caller, most: int) -> None:
    """Pages are counted apart from the requests that programs make with the same token. Raises Problem 429."""
    standing = counter.take("session", str(caller.token_id), most)
    if standing is not None and not standing.allowed:
        headers = {"Retry-After": str(standing.retry_seconds)}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many pages in a minute; wait a moment", headers=headers)


def set_cookie(response: Response, request: Request, cookie: str) -> None:
    """Lax: a link from a message to a page works; a form of another site does not."""
    response.set_cookie(
        COOKIE, cookie, max_age=DAYS * SECONDS_OF_DAY, httponly=True, samesite="lax", secure=is_secure(request)
    )


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy in front.

    The proxy's header is believed from anybody: it says no more than that the cookie of who sends it keeps to TLS.
    """
    of_proxy = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return "https" in (request.url.scheme, of_proxy)


def to_login(request: Request, *, has_ended: bool = False) -> Response:
    """A page is come back to after the login; htmx is told to leave the page that it is part of."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    said = ({"next": wanted} if request.method == "GET" else {}) | ({"ended": "true"} if has_ended else {})
    if is_fragment(request.headers):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": LOGIN})
    query = urlencode(said, safe="/", quote_via=quote)
    return RedirectResponse(f"{LOGIN}?{query}" if query else LOGIN, HTTPStatus.SEE_OTHER)


def is_fragment(headers: Mapping[str, str]) -> bool:
    """Whether htmx asks for a part of a page."""
    return headers.get("hx-request") == "true"
