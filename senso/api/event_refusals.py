"""Why events are not accepted: of several events, either all are or none."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from senso.api.problems import Problem

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """Of one event. `event`: its place in the request, from 1."""

    event: int
    name: str
    status: HTTPStatus
    reason: str


def refused(found: Sequence[Refusal], events: int) -> Problem:
    """The first event that is refused decides the status."""
    listed = sorted(found, key=lambda one: one.event)
    first = listed[0]
    said = f"{first.name}: {first.reason}" if first.name else first.reason
    if events == 1:
        return Problem(first.status, said)
    more = f"; {len(found) - 1} more refused" if len(found) > 1 else ""
    said = f"event {first.event} of {events}: {said}{more}; none was accepted"
    return Problem(first.status, said, refused=list(map(asdict, listed[:MOST_LISTED])))
