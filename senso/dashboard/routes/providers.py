"""`/providers`: how each provider and model stands, what it was asked each day, and pausing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.routes.providers import Days, models, providers
from senso.api.shown.providers import ModelShown, ModelStanding, ProviderDay
from senso.dashboard import bars
from senso.dashboard.bars import Part
from senso.dashboard.own import own
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.limits.standings import Standing
from senso.queries import stops
from senso.queries.stops import Scope as Subject
from senso.queries.stops import Stop
from senso.states import StopScope
from senso.workflows import model_standings

Reader = Annotated[Caller, needs(Scope.READ)]
USUAL_DAYS = 7
MILLION = "a million tokens"
OF_TOKENS = (
    ("token_in", "in"),
    ("token_cached", "from a cache"),
    ("token_written", "to a cache"),
    ("token_out", "out"),
)
EACH = (("search", "a search"), ("record", "a record"))
MICROUSD = 1_000_000


@dataclass(frozen=True, slots=True)
class Slug:
    """`stop`: the pause of this model alone."""

    slug: str
    price: str
    stop: Stop | None


@dataclass(frozen=True, slots=True)
class Model:
    standing: ModelStanding
    slugs: Sequence[Slug]


@dataclass(frozen=True, slots=True)
class Day:
    told: ProviderDay
    bar: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    stop: Stop | None
    models: Sequence[Model]
    days: Sequence[Day]


@dataclass(frozen=True, slots=True)
class Found:
    """`stops`: of everything, such as a ceiling that was reached. `trouble`: why Redis does not say how they stand."""

    providers: Sequence[Provider]
    stops: Sequence[Stop]
    trouble: str | None

    @property
    def is_paused(self) -> bool:
        return any(one.by is not None for one in self.stops)


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/providers")
    async def list_providers(
        request: Request, caller: Reader, days: Days = USUAL_DAYS, freed: int | None = None
    ) -> Response:
        known, trouble = await context.places.run(model_standings.known)
        found = await context.read_latest(partial(gathered, context, caller, known, trouble, days))
        values = {"found": found, "days": days, "freed": freed, "flower_url": own(request).flower_url}
        return page(request, "providers.html", values)

    return router


def gathered(
    context: Context, caller: Caller, known: Sequence[Standing], trouble: str | None, most: int, db: Connection
) -> Found:
    told = providers(context, caller, known, most, db)
    askable = models(context, db).models
    in_force = stops_told(caller, stops.in_force(db))
    names = sorted({one.provider for one in told.models} | {one.provider for one in told.days})
    return Found(
        providers=[of_provider(name, told.models, told.days, askable, in_force) for name in names],
        stops=[one for one in in_force if one.scope is StopScope.ALL],
        trouble=trouble,
    )


def stops_told(caller: Caller, found: Sequence[Stop]) -> list[Stop]:
    """A partner is told what is paused, and neither by whom and why nor what others have spent."""
    if caller.partner_id is None:
        return list(found)
    pauses = (one for one in found if one.scope is not StopScope.PARTNER and one.by is not None)
    return [replace(one, reason=None, said=f"{Subject(one.scope, one.subject).said} is paused") for one in pauses]


def of_provider(
    name: str,
    standings: Sequence[ModelStanding],
    days: Sequence[ProviderDay],
    askable: Sequence[ModelShown],
    in_force: Sequence[Stop],
) -> Provider:
    own_days = [one for one in days if one.provider == name]
    most = max((one.calls for one in own_days), default=0)
    own_models = [one for one in standings if one.provider == name]
    return Provider(
        name=name,
        stop=stop_of(in_force, StopScope.PROVIDER, name),
        models=[Model(one, slugs(one, askable, in_force)) for one in own_models],
        days=[Day(one, bars.bar(ends(one), most)) for one in own_days],
    )


def slugs(of: ModelStanding, askable: Sequence[ModelShown], in_force: Sequence[Stop]) -> list[Slug]:
    """A model may be asked under several."""
    found = [one for one in askable if (one.provider, one.name) == (of.provider, of.model)]
    return [Slug(one.slug, price(one.prices), stop_of(in_force, StopScope.MODEL, one.slug)) for one in found]


def stop_of(in_force: Sequence[Stop], scope: StopScope, name: str) -> Stop | None:
    return next((one for one in in_force if (one.scope, one.subject) == (scope, name)), None)


def ends(one: ProviderDay) -> list[tuple[str, str, int]]:
    """How the calls of a day ended, from the left."""
    return [
        ("useful", "good", one.useful),
        ("rate limited", "warn", one.rate_limited),
        ("unavailable", "warn", one.unavailable),
        ("refused", "bad", one.refused),
        ("malformed", "bad", one.malformed),
        ("failed", "bad", one.failed),
        ("open", "idle", one.open),
    ]


def price(prices: Mapping[str, Any] | None) -> str:
    """In dollars: micro-dollars a token are dollars a million tokens."""
    if not prices:
        return "price not known"
    tokens = [f"${prices[kind]:g} {said}" for kind, said in OF_TOKENS if prices.get(kind) is not None]
    each = [f"${prices[kind] / MICROUSD:g} {said}" for kind, said in EACH if prices.get(kind) is not None]
    return "; ".join(filter(None, [", ".join(tokens) and f"{', '.join(tokens)} {MILLION}", ", ".join(each)]))
