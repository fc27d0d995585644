"""The server on standard input and output: for a program on this machine that starts it, with one token."""

import asyncio
import logging
from functools import partial
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from senso.api.access import Caller
from senso.api.access.guard import accepted, counted
from senso.api.context import Context
from senso.api.problems import Problem, refusal
from senso.errors import ConfigError, SensoError
from senso.mcp.calling import Refused, one_line
from senso.mcp.server import server
from senso.workflows.tokens import FORM, digest


def serve(context: Context, token: str) -> None:
    """Until its input ends. Raises ConfigError for a token that is not accepted."""
    try:
        caller_of(token)
    except Problem as problem:
        raise ConfigError(problem.detail) from None
    logging.getLogger("mcp").setLevel(logging.WARNING)
    asyncio.run(served(context, token))


async def served(context: Context, token: str) -> None:
    async def admit(_request: ServerRequestContext[Any, Any]) -> Caller:
        try:
            return await context.places.run(partial(admitted, token, context.limits.requests))
        except Problem as problem:
            raise Refused(one_line(problem.detail)) from None
        except SensoError as error:
            raise Refused(one_line(refusal(error).detail)) from None

    made = server(context, admit)
    async with stdio_server() as (incoming, outgoing):
        await made.run(incoming, outgoing, made.create_initialization_options())


def admitted(token: str, most: int) -> Caller:
    """`most`: calls in a minute, of all that use this token. Raises Problem."""
    caller = caller_of(token)
    counted(caller.token_id, most)
    return caller


def caller_of(token: str) -> Caller:
    """Raises Problem."""
    known = accepted(digest(token) if FORM.fullmatch(token) else None)
    return Caller(known.id, known.name, known.partner_id, known.scope)
