"""The scope that a route asks for."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from senso.api.access import caller as callers
from senso.api.access.caller import CHALLENGE, Caller
from senso.api.problems import Problem, invalid
from senso.states import Scope

SCHEME = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description="A token of `senso token create` or of `POST /api/v1/tokens`, in the header `Authorization: Bearer`. "
    "Its scope is read, trigger, operate or admin; each contains those before it.",
)


def needs(scope: Scope) -> Any:
    """`caller: Annotated[Caller, needs(Scope.READ)]`: a token of a lesser scope is answered 403."""
    return Security(permitted, scopes=[scope.value])


async def permitted(
    request: Request,
    wanted: SecurityScopes,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Security(SCHEME)],
) -> Caller:
    """The guard has looked at the token already; here it is in the signature for OpenAPI."""
    caller = callers.of(request.state)
    for one in map(Scope, wanted.scopes):
        if not caller.scope.contains(one):
            raise forbidden(caller, one)
    refuse_unknown(request)
    return caller


def forbidden(caller: Caller, scope: Scope) -> Problem:
    said = f"this needs a token of scope {scope}, and this one has {caller.scope}"
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    return Problem(HTTPStatus.FORBIDDEN, said, headers={"WWW-Authenticate": challenge})


def refuse_unknown(request: Request) -> None:
    """A filter that is misspelt must not be answered as if there were none."""
    known = set(parameters(request.scope["route"].dependant))
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there_are = f"; there are: {', '.join(sorted(known))}" if known else ""
        raise invalid([(f"query.{name[:60]}", f"no such parameter{there_are}") for name in unknown])


def parameters(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for one in dependant.dependencies:
        yield from parameters(one)
