"""POST /e/{event_key}: the original's events, as its scripts and Inngest's clients post them."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from senso.api.event_bodies import Event, Readers, parse
from senso.api.event_orders import missing_order, network_order, org_order
from senso.api.event_refusals import Refusal, refused
from senso.api.problems import Problem, status_of
from senso.api.threads import Places
from senso.db import Connection, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import triggers
from senso.workflows.trigger import Terms

SEED = "x-inngest-event-id-seed"
USED = "its id was used for another event within 24 hours; take a new one"
# On a busy machine an event takes 7 ms; a request of many has this much more time for each.
SECONDS_EACH = 0.02
REPLACED = "Inngest calls no functions here: send events to POST /e/{event_key}, and senso's own workers do the work"
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """`key`: who may send events; None: nobody. `terms`: how batches are opened at this moment.

    `history_days`: how far back an org of a network gets the answers that it lacks.
    """

    key: str | None
    terms: Callable[[], Terms]
    history_days: int


def handlers(history_days: int) -> Readers:
    """What each event asks for, by its name."""
    return {
        "org.process": org_order,
        "org.evaluation.process": org_order,
        "network.questions.process": network_order,
        "network.org.process": missing_order(history_days),
        "network.org.missing.process": missing_order(history_days),
    }


def routes(door: Door, places: Places) -> APIRouter:
    router = APIRouter()

    @router.post("/e/{event_key:path}")
    async def receive(event_key: str, request: Request) -> JSONResponse:
        require_key(door.key, event_key)
        require_plain(request)
        events = parse(await request.body(), request.headers.get(SEED), handlers(door.history_days))
        await places.run(partial(accept, events, door.terms), len(events) * SECONDS_EACH)
        return JSONResponse({"ids": [event.id for event in events], "status": HTTPStatus.OK})

    @router.api_route("/api/inngest", methods=["GET", "POST", "PUT"])
    async def replaced() -> JSONResponse:
        return Problem(HTTPStatus.GONE, REPLACED).response()

    return router


def require_key(key: str | None, given: str) -> None:
    """In constant time: how much of a wrong key is right cannot be measured."""
    if key is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "no events are accepted: EVENT_KEY is not set here")
    if not hmac.compare_digest(sha256(given.encode()).digest(), sha256(key.encode()).digest()):
        raise Problem(HTTPStatus.UNAUTHORIZED, "this event key is not accepted")


def require_plain(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is encoded; send it as plain JSON")


def accept(events: Sequence[Event], terms: Callable[[], Terms]) -> None:
    """All or none. Raises Problem."""
    try:
        with transaction() as db:
            refusals = carry_out(db, events, terms())
            if refusals:
                raise refused(refusals, len(events))
    except SensoError as error:
        log.warning("events could not be stored", error=str(error))
        said = "the database does not take them at this moment; send them again"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, said) from None


def carry_out(db: Connection, events: Sequence[Event], under: Terms) -> list[Refusal]:
    """What is refused is refused before anything of it is written; the caller rolls the others back.

    Ids are locked before subjects, and both in their order: requests that share some wait, and none for the other.
    """
    due, refusals = new_events(events, triggers.payloads_of_events(db, sorted({one.key for one in events if one.key})))
    done: list[tuple[str, str, UUID]] = []
    for event in sorted(due, key=lambda one: one.order.subject):
        try:
            batch = event.order.open(db, under)
        except SensoError as error:
            refusals.append(Refusal(event.place, event.name, status_of(error), str(error)))
        else:
            done += [(event.key, event.order.payload, batch)] if event.key else []
    triggers.remember_events(db, done)
    return refusals


def new_events(events: Sequence[Event], before: Mapping[str, str]) -> tuple[list[Event], list[Refusal]]:
    """Without replays, which do nothing. `before`: by id, what it was used for."""
    payloads, due, refusals = dict(before), [], []
    for event in events:
        if event.key is None or event.key not in payloads:
            due.append(event)
        elif payloads[event.key] != event.order.payload:
            refusals.append(Refusal(event.place, event.name, HTTPStatus.CONFLICT, USED))
        if event.key:
            payloads.setdefault(event.key, event.order.payload)
    return due, refusals
