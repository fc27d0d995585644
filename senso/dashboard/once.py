"""A form that is sent twice, as by a double click, is done once: it carries a key that was made with its page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated
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


@dataclass(frozen=True, slots=True)
class Sent:
    """A form: where it was sent to, with which key, and its other fields."""

    path: str
    key: UUID
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return sha256(f"{self.path}?{urlencode(sorted(self.values.items()))}".encode()).hexdigest()


async def once(context: Context, caller: Caller, sent: Sent, work: Work) -> RedirectResponse:
    """Runs `work`, which returns the address to go to, in one transaction with the row of the key.

    What it raises undoes both. A form that is sent meanwhile waits, and goes to the same address.
    """
    target = await context.write(partial(keyed, work, caller.token_id, sent))
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def keyed(work: Work, token: UUID, sent: Sent, db: Connection) -> str:
    key = f"page:{sent.key}"
    earlier = tokens.claim(db, token, key, sent.digest)
    if earlier is None:
        target = work(db)
        tokens.answered(db, token, key, HTTPStatus.SEE_OTHER, target)
        return target
    if earlier.hash != sent.digest or earlier.body is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, USED)
    return earlier.body
