"""`/models`, `/providers`: what can be asked, with which limits, and how it stands."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.shown.providers import AskableModels, ModelShown, ModelStanding, ProviderDay, Providers
from senso.db import Connection
from senso.limits.standings import Standing
from senso.reads import provider_calls
from senso.records import record
from senso.workflows import model_standings
from senso.workflows.askable_models import askable

Reader = Annotated[Caller, needs(Scope.READ)]
MOST_DAYS = 31
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="today and the days before it, UTC")]
# Of all partners together, so that a partner would see how much the others ask.
OF_ALL = dict.fromkeys(("requests_used", "tokens_used", "in_flight", "waits", "waited_ms"))
TROUBLE = "how the models stand is not known: Redis cannot be asked at this moment"


def routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["providers"])

    @router.get("/models", response_model=AskableModels)
    async def list_models(request: Request, _caller: Reader) -> Response:
        """The models that can be asked, their prices, and what is missing to ask them."""
        return answer(request, await context.read(partial(models, context)))

    @router.get("/providers", response_model=Providers)
    async def list_providers(request: Request, caller: Reader, days: Days = 1) -> Response:
        """How each model stands with its limits and its breaker, and how the calls of each day ended."""
        known, trouble = await context.places.run(model_standings.known)
        found = await context.read(partial(providers, context, caller, known, days))
        return answer(request, found.model_copy(update={"trouble": trouble and TROUBLE}))

    return router


def models(context: Context, db: Connection) -> AskableModels:
    return AskableModels(models=[ModelShown.model_validate(one) for one in askable(db, context.facts.is_set)])


def providers(context: Context, caller: Caller, known: Sequence[Standing], days: int, db: Connection) -> Providers:
    said = [*context.facts.readers, context.facts.names_model]
    standings = [record(one) for one in model_standings.of_all(db, said, known)]
    hidden = {} if caller.partner_id is None else OF_ALL
    return Providers(
        models=[ModelStanding.model_validate(one | hidden) for one in standings],
        days=[ProviderDay.model_validate(one) for one in provider_calls.days(db, days, caller.partner_id)],
        trouble=None,
    )
