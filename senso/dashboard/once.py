"""A form that is sent twice, as by a double click, is done once: it carries a key that was made with its page."""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import Form
from fastapi.responses import RedirectResponse

from senso.api.access import Caller
from senso.api.context import Context
from senso.api.problems import Problem
from senso.db import Connection
from senso.queries import tokens

# Of a form. It is not confused with a key that a program has sent with the same token.
Key = Annotated[UUID, Form()]
USED = "this form was sent before with other values; open its page again"
Work = Callable[[Connection], str]


def new() -> str:
    return str(uuid4())


async def once(
    context: Context, caller: Caller, path: str, values: Mapping[str, Any], key: UUID, work: Work
) -> RedirectResponse:
    """Runs `work`, which returns the address to go to, in one transaction with the row of the key.

    What it raises undoes both. A form that is sent meanwhile waits, and goes to the same address.
    """
    digest = sha256(f"{path}?{urlencode(sorted(values.items()))}".encode()).hexdigest()
    target = await context.write(partial(keyed, work, caller.token_id, f"page:{key}", digest))
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def keyed(work: Work, token: UUID, key: str, digest: str, db: Connection) -> str:
    earlier = tokens.claim(db, token, key, digest)
    if earlier is None:
        target = work(db)
        tokens.answered(db, token, key, HTTPStatus.SEE_OTHER, target)
        return target
    if earlier.hash != digest or earlier.body is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, USED)
    return earlier.body
