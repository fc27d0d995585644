"""Who an organisation is, at the head of each of its pages."""

from dataclasses import dataclass
from uuid import UUID

from senso.api import seen
from senso.api.access import Caller
from senso.dashboard.orgs.words import now
from senso.db import Connection
from senso.reads import directory, schedules, waiting_names
from senso.reads.directory import Org
from senso.reads.schedules import Schedule


@dataclass(frozen=True, slots=True)
class Head:
    """`waiting`: names that wait for a decision."""

    org: Org
    schedule: Schedule
    waiting: int


def head(db: Connection, caller: Caller, org: UUID) -> Head:
    """Raises Problem."""
    seen.require_org(db, caller, org)
    found, schedule = directory.org(db, org), schedules.of_org(db, org, now())
    assert found is not None and schedule is not None  # noqa: S101, PT018  it has just been seen, and no org is deleted
    return Head(found, schedule, waiting_names.of_org(db, org))
