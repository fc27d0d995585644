"""Batches that are due by the schedule: each active org on its weekday, once."""

from datetime import datetime, timedelta
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.matrix import Subject
from senso.queries import schedule, triggers
from senso.queries.schedule import Candidate
from senso.weekly import due_date, is_due
from senso.workflows.initiator import Initiator
from senso.workflows.trigger import Terms, trigger_within

log = logger(__name__)


def open_due_orgs(now: datetime, hour: int, credits_each: int) -> None:
    """Orgs are due from `hour` UTC; a missed day is caught up once."""
    under = Terms(now.date(), credits_each)
    with transaction() as db:
        found = schedule.candidates(db, (now - timedelta(hours=hour)).date())
    for org in found:
        open_due(org, now, hour, under)


def open_due(org: Candidate, now: datetime, hour: int, under: Terms) -> None:
    """The claim commits with the batch: neither exists without the other."""
    if not is_due(org.created_at, org.imported_at, now, hour):
        return
    due_on = due_date(org.created_at, now, hour)
    try:
        with transaction() as db:
            if not schedule.claim(db, org.org_id, due_on):
                return
            schedule.bind(db, org.org_id, due_on, batch_due(db, org.org_id, under))
    except SensoError as error:
        log.warning("a due org could not be triggered", org=str(org.org_id), error=str(error))


def batch_due(db: Connection, org: UUID, under: Terms) -> UUID:
    """A cancelled batch of today counts as this day's batch: it is reopened only on request."""
    today = Subject.org(org).batch_on(under.today)
    if triggers.cancelled(db, [today]):
        return today
    return trigger_within(db, Subject.org(org), Initiator("beat", "schedule"), under).batch.id
