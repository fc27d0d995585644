"""Whose request it is."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.types import Scope as AsgiScope

from senso.api.problems import Problem
from senso.states import Scope

KEY = "caller"
CHALLENGE = 'Bearer realm="senso"'


@dataclass(frozen=True, slots=True)
class Caller:
    """A token that was accepted, or a person whom a proxy in front of the dashboard has let in.

    `partner_id`: None for all partners. `token_id`: of a person, one that is made of the name. `session`: the hash of
    the session that stands for the token.
    """

    token_id: UUID
    name: str
    partner_id: UUID | None
    scope: Scope
    is_person: bool = False
    session: str | None = None

    @property
    def actor(self) -> str:
        """For the audit."""
        return f"user {self.name}" if self.is_person else f"token {self.name} ({self.token_id})"

    def may_see(self, partner: UUID | None) -> bool:
        """Whether what belongs to `partner` is shown to it; what belongs to none is shown to callers of all."""
        return self.partner_id is None or self.partner_id == partner


def unauthorized(detail: str, error: str = "") -> Problem:
    """`error`: of RFC 6750, section 3.1; empty where no token was sent."""
    challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


def keep(scope: AsgiScope, caller: Caller) -> None:
    scope.setdefault("state", {})[KEY] = caller


def of(state: Any) -> Caller:
    """`state`: of the request. Raises Problem where the guard has let nobody in."""
    found = getattr(state, KEY, None)
    if not isinstance(found, Caller):
        raise unauthorized("this needs a token")
    return found
