"""`/runs/{number}`: one run: what happened to it, its answer, what was read from it and what was not counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Number
from senso.api.problems import Problem
from senso.api.routes.runs import told_to
from senso.dashboard import links, marking, waterfall
from senso.dashboard.formats import shortened
from senso.dashboard.marking import LONGEST
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.policy import POLICY
from senso.reads import answer_places
from senso.reads.answer_places import NamedPlaces
from senso.reads.mark_words import why
from senso.reads.run_details import Reading, Story
from senso.states import EvaluationState

MOST_ORGS = 100
MOST_SOURCES = 100
AROUND = 60  # characters beside a place that was not counted
MARKS_OF_PLACES = ("mentioned",)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that was not counted, and why. `kind`: the class of the reason."""

    what: str
    kind: str
    why: str
    text: str


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/runs/{number}")
    async def run(
        request: Request,
        caller: Annotated[Caller, needs(Scope.READ)],
        number: Number,
        org_id: Annotated[UUID | None, links.MAY_BE_EMPTY] = None,
    ) -> Response:
        found = await context.read(partial(whole, caller, number, org_id))
        return page(request, "run.html", found)

    return router


def whole(caller: Caller, number: int, org: UUID | None, db: Connection) -> dict[str, Any]:
    """`org`: for which of several it is shown. Raises Problem."""
    found = told_to(caller, number, db)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no run {number}")
    read = chosen(found.evaluations, org, number)
    places = answer_places.named(db, found.run.id, [read.org_id]).get(read.org_id) if read else None
    return {
        "run": found.run,
        "story": found,
        "timeline": timeline(found),
        "read": read,
        "seen": found.visibility.get(str(read.org_id)) if read else None,
        "others": found.evaluations[:MOST_ORGS] if len(found.evaluations) > 1 else [],
        "evidence": places and places.evidence,
        "parts_of": answer(db, found, read, places),
        "is_cut": len(found.run.answer_text or "") > LONGEST,
        "dropped": dropped(found, read, places) if read else [],
        "sources": found.citations[:MOST_SOURCES],
        "most_failures": POLICY.most_failures,
        "is_own": bool(found.calls) or caller.partner_id is None,
    }


def chosen(readings: Sequence[Reading], org: UUID | None, number: int) -> Reading | None:
    """Without an org, the first that is mentioned. Raises Problem where the answer is not read for the org."""
    if org is not None:
        wanted = next((one for one in readings if one.org_id == org), None)
        if wanted is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"the answer of run {number} is not read for an organisation {org}")
        return wanted
    mentioned = (one for one in readings if one.state is EvaluationState.DONE and one.mentioned)
    return next(mentioned, readings[0] if readings else None)


def answer(db: Connection, found: Story, read: Reading | None, places: NamedPlaces | None) -> list[marking.Part]:
    if not found.run.answer_text:
        return []
    return marking.parts(found.run.answer_text, read, places, answer_places.of_sources(db, found.run.id))


def timeline(found: Story) -> list[waterfall.Row]:
    began = found.snapshot.created_at if found.snapshot else None
    moments = [one.started_at for one in found.calls] + ([began] if began else [])
    if not moments:
        return []
    return waterfall.of_story(found.calls, found.snapshot, min(moments), datetime.now(UTC))


def dropped(found: Story, read: Reading, places: NamedPlaces | None) -> list[Dropped]:
    """Places of its names that do not count, and what else was dropped, corrected or not read."""
    text = found.run.answer_text or ""
    rejected = [one for one in places.occurrences if not one["kept"]] if places else []
    of_places = [
        Dropped(one["name"], kind := str(one["verdict"] or "not-judged"), why(kind), around(text, one))
        for one in rejected
    ]
    known = {one.kind for one in of_places}
    of_marks = [
        Dropped(one["field"], one["kind"], why(one["kind"]), one["value"])
        for one in read.marks
        if not (one["field"] in MARKS_OF_PLACES and one["kind"] in known)
    ]
    return of_places + of_marks


def around(text: str, place: dict[str, Any]) -> str:
    start, end = place["start"], place["end"]
    return shortened(text[max(0, start - AROUND) : end + AROUND], 3 * AROUND)
