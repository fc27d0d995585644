"""What each event asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from senso.api.event_fields import Initiated, MissingData, NetworkData, OrgData, checked
from senso.db import Connection
from senso.matrix import Subject
from senso.workflows.initiator import Initiator
from senso.workflows.membership import trigger_missing_within
from senso.workflows.trigger import Terms, payload_hash, trigger_within

ACTOR = "event"


@dataclass(frozen=True, slots=True)
class Order:
    """`subject`: orders are carried out in the order of their subjects, so that no two requests wait for each other.

    `payload`: what a replay has in common with the first. `open`: returns the batch; raises SensoError.
    """

    subject: str
    payload: str
    open: Callable[[Connection, Terms], UUID]


Opener = Callable[[Subject, Initiator, Connection, Terms], UUID]
# From the `data` of an event to what it asks for. Raises Problem.
Reader = Callable[[dict[str, Any]], Order]


def org_order(data: dict[str, Any]) -> Order:
    """Today's batch of the org, opened or resumed, as by `senso trigger org`."""
    found = checked(OrgData, data, "data.")
    return order(Subject.org(found.org_id), found, open_subject)


def network_order(data: dict[str, Any]) -> Order:
    """Today's batch of the network, as by `senso trigger network`: its orgs read the answers when it has ended."""
    found = checked(NetworkData, data, "data.")
    return order(Subject.network(found.network_id), found, open_subject)


def missing_order(history_days: int) -> Reader:
    """What the org lacks of its network's answers, as by `senso trigger missing`."""

    def read(data: dict[str, Any]) -> Order:
        found = checked(MissingData, data, "data.")
        return order(Subject.member(found.network_id, found.org_id), found, partial(open_missing, history_days))

    return read


def order(subject: Subject, found: Initiated, opener: Opener) -> Order:
    by = Initiator(ACTOR, found.triggered_by or ACTOR, found.user_id)
    about = f"{subject.kind}:{subject.network_id or ''}:{subject.org_id or ''}"
    return Order(about, payload_hash(subject, reopen=False), partial(opener, subject, by))


def open_subject(subject: Subject, by: Initiator, db: Connection, under: Terms) -> UUID:
    return trigger_within(db, subject, by, under).batch.id


def open_missing(history_days: int, subject: Subject, by: Initiator, db: Connection, under: Terms) -> UUID:
    """The latest of its batches."""
    return trigger_missing_within(db, subject, by, under, history_days)[-1].batch.id
