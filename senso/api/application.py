"""The routes, and what surrounds them."""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from senso.api import events, health, problems
from senso.api.body_limits import BodyLimits
from senso.api.events import Door
from senso.api.observing import Observing
from senso.api.problems import Problem
from senso.api.threads import Places

# A trace holds the path of a request, and with it the key of who sends events.
NO_TELEMETRY = TelemetryConfig(auto_configure=False, tracing=False, metrics=False, logs=False)


def application(door: Door, pool_size: int) -> FastAPI:
    """`pool_size`: of Postgres connections. Events leave one of them to the check of readiness."""
    made = FastAPI(telemetry=NO_TELEMETRY, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    made.include_router(events.routes(door, Places(pool_size - 1)))
    made.include_router(health.routes(pool_size))
    made.add_exception_handler(Problem, problems.of_ours)
    made.add_exception_handler(HTTPException, problems.of_routing)
    made.add_middleware(BodyLimits)
    made.add_middleware(Observing)  # around the others
    return made
