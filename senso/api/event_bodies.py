"""The body of a request with events, as Inngest's clients send it: one event, or an array of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic_core import from_json

from senso.api.event_fields import Envelope, checked
from senso.api.event_orders import Order, Reader
from senso.api.event_refusals import Refusal, refused
from senso.api.problems import Problem

# As many are opened in one transaction, within the time that a request has.
MOST_EVENTS = 2_000
SHOWN_CHARACTERS = 60
Readers = Mapping[str, Reader]


@dataclass(frozen=True, slots=True)
class Event:
    """`place`: in its request, from 1. `key`: the idempotency key; None if the client gave nothing to make one from.

    `id`: what the client is told, the same for a replay.
    """

    place: int
    name: str
    order: Order
    key: str | None
    id: str


def parse(body: bytes, seed: str | None, readers: Readers) -> list[Event]:
    """`seed`: what Inngest's clients send with a request and with its retries. Raises Problem."""
    raw = events_in(body)
    found = [read_event(place, one, seed, readers) for place, one in enumerate(raw, start=1)]
    refusals = [one for one in found if isinstance(one, Refusal)]
    if refusals:
        raise refused(refusals, len(raw))
    return [one for one in found if isinstance(one, Event)]


def events_in(body: bytes) -> list[Any]:
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body is not JSON in UTF-8: {error}") from None
    events = found if isinstance(found, list) else [found]
    if not events:
        raise Problem(HTTPStatus.BAD_REQUEST, "the array holds no event")
    if len(events) > MOST_EVENTS:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_EVENTS} events; send them in several requests"
        )
    return events


def read_event(place: int, raw: Any, seed: str | None, readers: Readers) -> Event | Refusal:
    try:
        envelope = checked(Envelope, raw)
        order = reader(envelope.name, readers)(envelope.data or {})
    except Problem as why:
        name = raw.get("name") if isinstance(raw, dict) else None
        return Refusal(place, name[:SHOWN_CHARACTERS] if isinstance(name, str) else "", why.status, why.detail)
    key = key_of(envelope.id, seed, place)
    return Event(place, envelope.name, order, key, str(uuid5(NAMESPACE_URL, f"senso:{key}") if key else uuid4()))


def reader(name: str, readers: Readers) -> Reader:
    if name not in readers:
        raise Problem(HTTPStatus.BAD_REQUEST, f"no event of that name; accepted are {', '.join(readers)}")
    return readers[name]


def key_of(given: str | None, seed: str | None, place: int) -> str | None:
    if given:
        return f"event:{given}"
    return f"event of request:{sha256(seed.encode()).hexdigest()}:{place}" if seed else None
