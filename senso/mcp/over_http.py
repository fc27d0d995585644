"""The server over streamable HTTP, at MCP of `senso api`: behind the same guard, with the token of each request.

Without sessions: each request stands alone and is answered with JSON, so that any process can answer it, and a token
that was revoked is of no use from then on.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from senso.api import MCP
from senso.api.access import Caller, needs
from senso.api.access import Scope as TokenScope
from senso.api.access import caller as callers
from senso.api.body_limits import MOST_BYTES
from senso.api.context import Context
from senso.api.problems import Problem
from senso.mcp.server import server

FROM_A_PAGE = "this is for programs: a page in a browser may not ask it, so send no Origin"
STARTS_SECONDS = 5


class Sessions:
    """The SDK's own, for as long as the process serves. It has none: each request stands alone."""

    def __init__(self, context: Context) -> None:
        self.manager = StreamableHTTPSessionManager(
            server(context, admit), json_response=True, stateless=True, max_request_body_size=MOST_BYTES
        )
        self.is_ready, self.has_ended = asyncio.Event(), asyncio.Event()

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        logging.getLogger("mcp").setLevel(logging.WARNING)
        self.task = loop.create_task(self.run())

    def end(self) -> None:
        self.has_ended.set()

    async def run(self) -> None:
        async with self.manager.run():
            self.is_ready.set()
            await self.has_ended.wait()


async def admit(request: ServerRequestContext[Any, Any]) -> Caller:
    """The guard has looked at the token of this very request."""
    asked = request.request
    return callers.of(asked.state if isinstance(asked, Request) else None)


class Handed(Response):
    """The answer of the SDK."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.sessions.manager.handle_request(scope, receive, send)


def add(made: FastAPI, context: Context) -> Sessions:
    """The route; what is returned works beside the requests."""
    sessions = Sessions(context)

    @made.post(MCP, include_in_schema=False)
    async def mcp(request: Request, _caller: Annotated[Caller, needs(TokenScope.READ)]) -> Response:
        if "origin" in request.headers:
            raise Problem(HTTPStatus.FORBIDDEN, FROM_A_PAGE)
        async with asyncio.timeout(STARTS_SECONDS):
            await sessions.is_ready.wait()
        return Handed(sessions)

    return sessions
