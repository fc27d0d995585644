"""The routes, and what surrounds them."""

from fastapi import FastAPI

from senso.api import events, health, problems
from senso.api.bare import bare
from senso.api.events import Door
from senso.api.observing import Observing
from senso.api.problems import Problem
from senso.api.threads import Places


def application(door: Door, pool_size: int) -> FastAPI:
    """`pool_size`: of Postgres connections. Events leave one of them to the check of readiness."""
    made = bare()
    made.include_router(events.routes(door, Places(pool_size - 1)))
    made.include_router(health.routes(pool_size))
    made.add_exception_handler(Problem, problems.of_ours)
    made.add_middleware(Observing)  # around the others
    return made
