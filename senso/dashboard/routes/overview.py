"""`/`: how things stand now; `/overview`: the same as a part, drawn again while batches move."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.dashboard import charts, links
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.limits.standings import Standing
from senso.policy import POLICY
from senso.queries import stops
from senso.queries.stops import Stop
from senso.reads import alarms, backlogs, batch_list, days, failure_groups, gauges, provider_calls
from senso.reads.alarms import ToldAlarm
from senso.reads.backlogs import BacklogHour
from senso.reads.batch_list import BatchFilters
from senso.reads.days import PartnerCeiling
from senso.reads.failure_groups import FailureGroup
from senso.reads.provider_calls import ProviderDay
from senso.states import AlarmKind, BatchState, BreakerState, MessagePart, StopScope
from senso.workflows import model_standings
from senso.workflows.askable_models import askable

LATEST = 10
MOST_CEILINGS = 5
ALARM_HOURS = 24
MOST_ALARMS = 5
HISTORY_HOURS = 72
TROUBLE = "How breakers stand is not known: Redis cannot be asked at this moment."
Reader = Annotated[Caller, needs(Scope.READ)]


@dataclass(frozen=True, slots=True)
class Provider:
    """Its calls of today, and the models of it that are left alone or tried.

    `is_paused`: as a whole; `paused`: slugs of its models that are.
    """

    name: str
    calls: ProviderDay | None
    shut: Sequence[Standing]
    is_paused: bool
    paused: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pauses:
    """`models`: with the provider of each."""

    is_all: bool
    providers: Collection[str]
    models: Sequence[tuple[str, str]]


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/")
    async def overview(request: Request, caller: Reader) -> Response:
        return page(request, "overview.html", await now(context, caller))

    @router.get("/overview")
    async def part(request: Request, caller: Reader) -> Response:
        return page(request, "overview_now.html", await now(context, caller))

    return router


async def now(context: Context, caller: Caller) -> dict[str, Any]:
    known, trouble = await context.places.run(model_standings.known)
    found = await context.read(partial(stands, context, caller, known))
    return found | {"trouble": trouble and TROUBLE, "may_trigger": caller.scope.contains(Scope.TRIGGER)}


def stands(context: Context, caller: Caller, known: Sequence[Standing], db: Connection) -> dict[str, Any]:
    today, partner = datetime.now(UTC).date(), caller.partner_id
    of_day = {"since": today, "until": today}
    calls, stopped = provider_calls.days(db, 1, partner), stops.in_force(db)
    return {
        "of": partner,
        "today": today,
        "states": [(state, count, linked(of_day, state)) for state, count in days.states(db, today, partner).items()],
        "counts": days.counts(db, today, partner),
        "failures": [(one, searched(of_day, one)) for one in failure_groups.of_day(db, today, partner)],
        "most_failed": failure_groups.MOST_BATCHES,
        "cost_microusd": sum(one.cost_microusd for one in calls),
        "unknown_cost": sum(one.unknown_cost for one in calls),
        "ceilings": days.ceilings(db, MOST_CEILINGS, partner),
        "stops": [one for one in stopped if partner is None or is_of(partner, one)],
        "providers": providers(calls, known, pauses(stopped, context, db)),
        "latest": batch_list.listed(db, BatchFilters(partner=partner), LATEST),
        "of_day": links.to("/batches", of_day),
        "of_failures": links.to("/batches", of_day | {"state": [BatchState.FAILED, BatchState.PARTIAL]}),
    } | (of_all(context, db) if partner is None else {"backlog": None, "alarms": (), "ceiling": None, "history": ()})


def linked(of_day: dict[str, date], state: BatchState) -> str:
    return links.to("/batches", of_day | {"state": state})


def searched(of_day: dict[str, date], one: FailureGroup) -> str:
    """The batches with this reason."""
    states = [BatchState.FAILED, BatchState.PARTIAL]
    return links.to("/batches", of_day | {"state": states, "reason": one.searched[:200]})


def of_all(context: Context, db: Connection) -> dict[str, Any]:
    """What only tokens of all partners are told."""
    most = context.facts.most_of_day
    ceiling = None if most is None else PartnerCeiling(UUID(int=0), "all partners", most, days.spent_of_all(db))
    since = datetime.now(UTC) - timedelta(hours=ALARM_HOURS)
    told = open_ones(alarms.told(db, since))[:MOST_ALARMS]
    history = waited(backlogs.hours(db, HISTORY_HOURS))
    # Last: it limits what else is read in the transaction.
    return {"ceiling": ceiling, "alarms": told, "history": history, "backlog": gauges.gauges(db, POLICY)}


def waited(hours: Sequence[BacklogHour]) -> list[charts.Lasting]:
    """Whatever has waited longest, by hour."""
    return [(one.at, max(one.matrix, one.ask, one.extract, one.score, one.push)) for one in hours]


def open_ones(told: Sequence[ToldAlarm]) -> list[ToldAlarm]:
    """The latest of each kind, unless that says that it is over. `told`: the latest first."""
    latest: dict[AlarmKind, ToldAlarm] = {}
    for one in told:
        latest.setdefault(one.kind, one)
    return [one for one in latest.values() if one.part is not MessagePart.OVER]


def is_of(partner: UUID, one: Stop) -> bool:
    """Whoever is of a partner is told what is paused for it, and not who did so elsewhere."""
    return one.scope is StopScope.PARTNER and one.subject == str(partner)


def pauses(stopped: Sequence[Stop], context: Context, db: Connection) -> Pauses:
    """A ceiling that was reached is none."""
    by_scope = {scope: {one.subject for one in stopped if one.scope is scope and one.by} for scope in StopScope}
    slugs = by_scope[StopScope.MODEL]
    models = askable(db, context.facts.is_set) if slugs else []
    return Pauses(
        is_all=bool(by_scope[StopScope.ALL]),
        providers={name for name in by_scope[StopScope.PROVIDER] if name},
        models=[(one.provider, one.slug) for one in models if one.slug in slugs],
    )


def providers(calls: Sequence[ProviderDay], known: Sequence[Standing], paused: Pauses) -> list[Provider]:
    """Those that were called today, and those of which not every model may be."""
    by_name = {one.provider: one for one in calls}
    shut = [one for one in known if one.breaker != BreakerState.CLOSED]
    names = {*by_name, *(one.provider for one in shut), *paused.providers, *(name for name, _ in paused.models)}
    return [
        Provider(
            name,
            by_name.get(name),
            [one for one in shut if one.provider == name],
            paused.is_all or name in paused.providers,
            [slug for provider, slug in paused.models if provider == name],
        )
        for name in sorted(names)
    ]
