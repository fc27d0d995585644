"""Asks for a token before anything else of a request is read, and counts the requests of each.

Each request looks its token up in the database that is written to, so that one that is revoked is of no use from then
on, in whatever process.
"""

import hmac
from functools import partial
from http import HTTPStatus
from uuid import UUID

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from senso.api import MCP, ORIGINAL, PREFIX
from senso.api.access import caller as callers
from senso.api.access.caller import Caller, unauthorized
from senso.api.access.logins import Logins, network
from senso.api.context import Context
from senso.api.problems import Problem, refusal
from senso.db import at_once
from senso.errors import SensoError, Unreachable
from senso.limits.requests import WINDOW_SECONDS, Standing, counter
from senso.queries import tokens
from senso.queries.tokens import Known
from senso.workflows.tokens import FORM, digest

SCHEME = "bearer"


class Guard:
    """Around all below PREFIX, ORIGINAL and MCP, whether there is such a route or not."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app, self.context, self.logins = app, context, Logins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_guarded(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            caller, standing = await self.admitted(scope)
        except SensoError as error:
            await refusal(Unreachable(str(error))).response()(scope, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            callers.keep(scope, caller)
            await self.app(scope, receive, with_headers(send, standing))

    async def admitted(self, scope: Scope) -> tuple[Caller, Standing | None]:
        """Raises Problem and SensoError."""
        token, address = token_of(scope), network((scope["client"] or ("",))[0])
        return await self.context.places.run(partial(self.admit, token, address))

    def admit(self, token: str, address: str) -> tuple[Caller, Standing | None]:
        known = self.known(token, address)
        return Caller(known.id, known.name, known.partner_id, known.scope), counted(
            known.id, self.context.limits.requests
        )

    def known(self, token: str, address: str) -> Known:
        """Raises Problem."""
        of_token = digest(token) if FORM.fullmatch(token) else None
        self.logins.require_open(address, of_token)
        try:
            found = accepted(of_token)
        except Problem:
            self.logins.failed(address, of_token)
            raise
        self.logins.succeeded(found.hash)
        return found


def is_guarded(path: str) -> bool:
    return path == MCP or path.startswith((f"{PREFIX}/", f"{ORIGINAL}/", f"{MCP}/"))


def counted(token: UUID, most: int) -> Standing | None:
    """One request of `most` a minute of a token, by its id; None while Redis is away. Raises Problem."""
    standing = counter.take("token", str(token), most)
    if standing is None or standing.allowed:
        return standing
    said = f"this token has used its {most} requests of a minute; send it again in {standing.retry_seconds} s"
    headers = headers_of(standing) | {"Retry-After": str(standing.retry_seconds)}
    raise Problem(HTTPStatus.TOO_MANY_REQUESTS, said, headers=headers)


def token_of(scope: Scope) -> str:
    """Raises Problem."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").strip().partition(" ")
    if scheme.lower() != SCHEME or not token.strip():
        raise unauthorized("this needs a token: Authorization: Bearer senso_...; senso token create makes one")
    return token.strip()


def accepted(of_token: str | None) -> Known:
    """`of_token`: its digest; None where it does not have the form of a token. Raises Problem."""
    if of_token is None:
        raise unauthorized("this is no token of senso, or not the whole of one", "invalid_token")
    with at_once() as db:
        found = tokens.find(db, of_token)
        if found is None or not hmac.compare_digest(found.hash, of_token):
            raise unauthorized("there is no such token", "invalid_token")
        if found.is_revoked or found.is_expired:
            why = "was revoked" if found.is_revoked else "has expired"
            raise unauthorized(f"this token {why}; make another one", "invalid_token")
        if found.is_stale:
            tokens.used(db, found.id)
    return found


def headers_of(standing: Standing) -> dict[str, str]:
    return {
        "RateLimit-Policy": f"{standing.most};w={WINDOW_SECONDS}",
        "RateLimit-Limit": str(standing.most),
        "RateLimit-Remaining": str(standing.remaining),
        "RateLimit-Reset": str(standing.reset_seconds),
    }


def with_headers(send: Send, standing: Standing | None) -> Send:
    if standing is None:
        return send

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers_of(standing))
        await send(message)

    return sent
