"""The routes below PREFIX, a file for each kind of thing.

Each file has `routes(context) -> APIRouter`, whose prefix and tag are of its own, without PREFIX. Each route says in
its signature which scope it needs (`caller: Annotated[Caller, needs(Scope.READ)]`), in its decorator what it answers
(`response_model`), and in its docstring what it does, which is shown at `/docs`. The name of its function is its name
in OpenAPI, so there is one of a name. Another partner's things are answered as if there were none: 404.
"""

from collections.abc import Callable

from fastapi import APIRouter

from senso.api.context import Context
from senso.api.routes import tokens, webhooks

ROUTES: tuple[Callable[[Context], APIRouter], ...] = (tokens.routes, webhooks.routes)
