"""The pages, a file for each kind of thing.

Each file has `routes(context) -> APIRouter`, made with `route_class=page_route(context)`. Each route says in its
signature which scope it needs (`caller: Annotated[Caller, needs(Scope.READ)]`), as those of the API do, and renders a
template of the same name. A write answers 303 to the page that shows what it did.
"""

from collections.abc import Callable

from fastapi import APIRouter

from senso.api.context import Context
from senso.dashboard import files
from senso.dashboard.routes import (
    audit,
    batch,
    batch_changes,
    batches,
    components,
    jump,
    ledger,
    live,
    login,
    org_answers,
    org_changes,
    org_names,
    org_numbers,
    org_setup,
    orgs,
    overview,
    partners,
    providers,
    runs,
    schedule,
    session,
    stops,
    tokens,
    trigger,
)

ROUTES: tuple[Callable[[Context], APIRouter], ...] = (
    login.routes,
    overview.routes,
    orgs.routes,
    org_changes.routes,
    org_answers.routes,
    org_numbers.routes,
    org_names.routes,
    org_setup.routes,
    batches.routes,
    batch_changes.routes,
    batch.routes,
    runs.routes,
    trigger.routes,
    jump.routes,
    live.routes,
    components.routes,
    partners.routes,
    ledger.routes,
    schedule.routes,
    providers.routes,
    stops.routes,
    audit.routes,
    tokens.routes,
    session.routes,
)


def routes(context: Context) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(files.routes())
    for one in ROUTES:
        router.include_router(one(context))
    return router
