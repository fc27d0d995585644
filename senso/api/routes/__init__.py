"""The routes below PREFIX, a file for each kind of thing.

Each file has `routes(context) -> APIRouter`, whose prefix and tag are of its own, without PREFIX. Each route says in
its signature which scope it needs (`caller: Annotated[Caller, needs(Scope.READ)]`), in its decorator what it answers
(`response_model`), and in its docstring what it does, which is shown at `/docs`. The name of its function is its name
in OpenAPI, so there is one of a name. Another partner's things are answered as if there were none: 404.
"""

from collections.abc import Callable

from fastapi import APIRouter

from senso.api.context import Context
from senso.api.routes import (
    batches,
    findings,
    imports,
    live,
    names,
    numbers,
    orgs,
    partners,
    providers,
    runs,
    schedules,
    stops,
    tokens,
    webhooks,
)

ROUTES: tuple[Callable[[Context], APIRouter], ...] = (
    batches.routes,
    runs.routes,
    live.routes,
    providers.routes,
    stops.routes,
    orgs.routes,
    imports.routes,
    numbers.routes,
    findings.routes,
    names.routes,
    partners.routes,
    schedules.routes,
    tokens.routes,
    webhooks.routes,
)
