"""The scope that a route asks for."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, get_args, get_origin

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
    """What is misspelt is not answered as if it were not there, nor of two the last as if it were the only one."""
    known = dict(parameters(request.scope["route"].dependant))
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        there_are = f"; there are: {', '.join(sorted(known))}" if known else ""
        raise invalid([(f"query.{name[:60]}", f"no such parameter{there_are}") for name in unknown])
    given = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in given if given.count(name) > 1 and not known[name]})
    if twice:
        raise invalid([(f"query.{name}", "is given twice, and takes one value") for name in twice])


def parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The name of each, and whether it takes several values."""
    yield from ((one.alias, takes_several(one.field_info.annotation)) for one in dependant.query_params)
    for one in dependant.dependencies:
        yield from parameters(one)


def takes_several(annotation: Any) -> bool:
    """Whether it is a list, or one or None."""
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))
