"""The routes, and what surrounds them."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from senso.api import PREFIX, events, health, problems, reference
from senso.api.access.guard import Guard
from senso.api.access.streams import Streams
from senso.api.bare import bare
from senso.api.context import Context, Facts, Limits
from senso.api.events import Door
from senso.api.live.hub import Hub
from senso.api.observing import Observing
from senso.api.problems import Problem
from senso.api.routes import ROUTES, original
from senso.api.threads import Places
from senso.errors import SensoError


def application(door: Door, pool_size: int, limits: Limits, facts: Facts, live: Hub | None = None) -> FastAPI:
    """`pool_size`: of Postgres connections. Requests leave one of them to the check of readiness.

    `live`: whose events are told elsewhere, by `senso.api.live.Following`; None: nobody's. Its `state` has the context.
    """
    made, places = bare(), Places(pool_size - 1)
    hub = live or Hub(Streams(limits.streams))
    context = Context(door.terms, door.history_days, places, limits, hub.streams, hub, facts)
    made.include_router(events.routes(door, places), include_in_schema=False)
    made.include_router(health.routes(pool_size), include_in_schema=False)
    made.include_router(original.routes(context), include_in_schema=False)
    for routes in ROUTES:
        made.include_router(routes(context), prefix=PREFIX, generate_unique_id_function=name_of)
    made.include_router(reference.routes(made))
    made.state.context = context
    made.add_exception_handler(Problem, problems.of_ours)
    made.add_exception_handler(SensoError, problems.of_refusal)
    made.add_exception_handler(RequestValidationError, problems.of_validation)
    made.add_middleware(Guard, context=context)
    made.add_middleware(Observing)  # around the others
    return made


def name_of(route: APIRoute) -> str:
    return route.name
