"""What each event asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from senso.api.event_fields import OrgData, checked
from senso.db import Connection
from senso.workflows.trigger import Initiator, Terms, payload_hash, trigger_within

ACTOR = "event"


@dataclass(frozen=True, slots=True)
class Order:
    """`subject`: orders are carried out in the order of their subjects, so that no two requests wait for each other.

    `payload`: what a replay has in common with the first. `open`: returns the batch; raises SensoError.
    """

    subject: str
    payload: str
    open: Callable[[Connection, Terms], UUID]


# From the `data` of an event to what it asks for. Raises Problem.
Reader = Callable[[dict[str, Any]], Order]


def org_order(data: dict[str, Any]) -> Order:
    """Today's batch of the org, opened or resumed, as by `senso trigger org`."""
    found = checked(OrgData, data, "data.")
    by = Initiator(ACTOR, found.triggered_by or ACTOR, found.user_id)
    return Order(f"org:{found.org_id}", payload_hash(found.org_id, reopen=False), partial(open_org, found.org_id, by))


def open_org(org: UUID, by: Initiator, db: Connection, under: Terms) -> UUID:
    return trigger_within(db, org, by, under).batch.id
