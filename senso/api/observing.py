"""A request id, the access log, and headers that every response has.

The log names the route of a request, never its path: a path holds the key of who sends events, and one that is none of
ours may hold a key that was meant for another place.
"""

import logging
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars, get_contextvars

from senso.api import PREFIX
from senso.api.access.caller import KEY
from senso.api.problems import Problem
from senso.log import logger

REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
EVENT_KEY = re.compile(r"\{event_key[^}]*\}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# Where a route does not say otherwise.
USUAL_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
LONGEST_METHOD = 10
# Asked every few seconds by what watches over the process.
QUIET = {"/health", "/ready"}
log = logger(__name__)


@dataclass(slots=True)
class Answered:
    status: int | None = None  # None: the client left before


class Observing:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id, answered, began = request_id_of(scope), Answered(), time.monotonic()

        async def send_observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS | {"X-Request-ID": request_id})
                for name, value in USUAL_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_observed)
            except ClientDisconnect:
                pass
            except Exception:
                log.exception("a request failed")
                if answered.status is None:
                    await internal_error().response()(scope, receive, send_observed)
            finally:
                write_line(scope, answered.status, time.monotonic() - began)


def internal_error() -> Problem:
    """Of the request that is being answered."""
    said = f"internal error; the log says more, under request id {get_contextvars()['request_id']}"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, said)


def request_id_of(scope: Scope) -> str:
    """That of the client, if it is a word."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid4().hex


def write_line(scope: Scope, status: int | None, seconds: float) -> None:
    path = path_of(scope)
    is_quiet = path in QUIET and status == HTTPStatus.OK
    log.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "request",
        method=scope["method"][:LONGEST_METHOD],
        path=path,
        status=int(status) if status else None,
        seconds=round(seconds, 3),
        client=(scope["client"] or ("unknown",))[0],
        **caller_of(scope),
    )


def caller_of(scope: Scope) -> dict[str, str]:
    """The id of the token that was sent."""
    caller = scope.get("state", {}).get(KEY)
    return {} if caller is None else {"caller": str(caller.token_id)}


def path_of(scope: Scope) -> str:
    route = scope.get("route")
    if not route:
        return "none of ours"
    before = PREFIX if scope["path"].startswith(f"{PREFIX}/") else ""
    return EVENT_KEY.sub("[hidden]", before + route.path)
