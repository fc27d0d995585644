"""`/runs`: all that is known of one run."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.models import Number
from senso.api.problems import Problem
from senso.api.shown.runs import RunStory
from senso.db import Connection
from senso.reads import inspection
from senso.reads.run_details import Story, story, story_for
from senso.records import record


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/runs", tags=["runs"])

    @router.get("/{number}", response_model=RunStory)
    async def show_run(request: Request, caller: Annotated[Caller, needs(Scope.READ)], number: Number) -> Response:
        """A run by its number: its calls and what they cost, its answer, what was read from it, the pages it cites.

        Of a network's answer, a partner is told what was read for its own orgs, and of the asking only where the
        network is its own.
        """
        return answer(request, await context.read(partial(told, caller, number)))

    return router


def told(caller: Caller, number: int, db: Connection) -> RunStory:
    """Raises Problem."""
    found = told_to(caller, number, db)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no run {number}")
    return RunStory.model_validate(record(found.run) | record(found))


def told_to(caller: Caller, number: int, db: Connection) -> Story | None:
    run = inspection.run(db, number)
    if run is None:
        return None
    return story(db, run) if caller.partner_id is None else story_for(db, run, caller.partner_id)
