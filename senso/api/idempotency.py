"""A write with the same `Idempotency-Key` is done once within a day, and answered as the first time."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request
from fastapi.responses import Response

from senso.api.access import Caller
from senso.api.context import Context
from senso.api.etags import JSON
from senso.api.models import Shown
from senso.api.problems import Problem
from senso.db import Connection
from senso.queries import tokens

HEADER = "Idempotency-Key"
# In the answer to a repeated request.
REPLAYED = "Idempotency-Replayed"
# In the signature of each route that writes, so that OpenAPI names the header; `once` reads it.
Key = Annotated[
    str | None,
    Header(
        alias=HEADER,
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="the same key within a day: the write is done once, and answered as the first time",
    ),
]
USED = f"this {HEADER} was used within a day for another request of this token; take a new one"
Work = Callable[[Connection], tuple[HTTPStatus, Shown | None]]


async def once(context: Context, caller: Caller, request: Request, work: Work) -> Response:
    """Runs `work` in one transaction, with the row of the key where one was sent; what it raises undoes both.

    A concurrent request with the same key waits for it. Raises Problem 422 for a key of another request.
    """
    key = request.headers.get(HEADER)
    if key is None:
        status, model = await context.write(work)
        return response(status, None if model is None else model.model_dump_json())
    return await context.write(partial(keyed, work, caller.token_id, key, await digest(request)))


def keyed(work: Work, token: UUID, key: str, of_request: str, db: Connection) -> Response:
    earlier = tokens.claim(db, token, key, of_request)
    if earlier is None:
        status, model = work(db)
        tokens.answered(db, token, key, status, None if model is None else model.kept())
        return response(status, None if model is None else model.model_dump_json())
    if earlier.hash != of_request:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, USED)
    return response(earlier.status, earlier.body, replayed=True)


async def digest(request: Request) -> str:
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return sha256(target.encode() + await request.body()).hexdigest()


def response(status: int, body: str | None, *, replayed: bool = False) -> Response:
    headers = {REPLAYED: "true"} if replayed else {}
    return Response(body, status, headers, None if body is None else JSON)
