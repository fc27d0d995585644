"""The batches of the orgs of a network: each reads the network's answers of one day for one org.

They are opened when the network's batch ends, for all its orgs; and by a trigger, for answers that an org lacks: it
joined later, could not pay, or readings of it failed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.log import logger
from senso.matrix import Subject
from senso.queries import batches, members, triggers
from senso.queries.members import Missing
from senso.runtime.saving import save
from senso.states import OPEN_BATCHES, BatchState
from senso.workflows.provider_access import require
from senso.workflows.trigger import Initiator, Terms, Triggered, cancelled_before, open_or_resume, outcome_for

log = logger(__name__)
FOLLOWED = Initiator("senso", "network")


def open_members(batch_id: UUID, under: Terms, history_days: int) -> None:
    """Opens a batch for each active org of a network whose batch has ended, and for each earlier day that it lacks."""
    batch = save(lambda db: batches.load(db, batch_id))
    network, since = batch.subject.asking_id, min(batch.batch_date, since_day(under.today, history_days))
    found = save(lambda db: members.missing(db, network, since))
    for _, its in groupby(found, key=lambda one: one.org_id):
        wanted = list(filter(lacks_new, its))
        save(lambda db, wanted=wanted: open_each(db, network, wanted, FOLLOWED, under))  # type: ignore[misc]


def since_day(today: date, history_days: int) -> date:
    return today - timedelta(days=history_days)


def open_each(db: Connection, network: UUID, wanted: Iterable[Missing], by: Initiator, under: Terms) -> list[Triggered]:
    return [
        open_or_resume(db, Subject.member(network, one.org_id), by, replace(under, today=one.date), has_more=True)
        for one in wanted
    ]


def trigger_missing(network: UUID, org: UUID, by: Initiator, under: Terms, history_days: int) -> list[Triggered]:
    """Opens or resumes a batch for each day on which the org lacks readings, failed ones included.

    Where it lacks none, its latest batch is returned as it is. Raises NotFound, or ConfigError: the org is not in the
    network or not active, the network has no answers, a batch was cancelled, a key of the model that reads is missing.
    """
    with transaction() as db:
        return trigger_missing_within(db, Subject.member(network, org), by, under, history_days)


def trigger_missing_within(
    db: Connection, subject: Subject, by: Initiator, under: Terms, history_days: int
) -> list[Triggered]:
    """`trigger_missing` in the caller's transaction."""
    network, org = subject.asking_id, subject.org_id
    assert org is not None  # noqa: S101  the subject is an org of a network
    require_member(db, network, org, under.today)
    found = answers_for(db, network, org, under, history_days)
    opened = open_each(db, network, filter(lacks, found), by, under)
    under_way = [one for one in found if one.state in OPEN_BATCHES]
    shown = under_way if opened or under_way else found[-1:]
    return sorted([*opened, *(stands(db, one) for one in shown)], key=lambda one: one.batch.batch_date)


def answers_for(db: Connection, network: UUID, org: UUID, under: Terms, history_days: int) -> list[Missing]:
    """Of each day on which the network has some. Raises ConfigError if there is none, or as `trigger_missing` does."""
    found = members.missing(db, network, since_day(under.today, history_days), org)
    if not found:
        raise ConfigError(
            f"network {network} has no answers of the last {history_days} days; ask for some: "
            f"senso trigger network {network}"
        )
    for one in found:
        if lacks(one) and one.state is BatchState.CANCELLED and not under.reopen:
            raise cancelled_before(one.batch_id, one.date)
    return found


def lacks(one: Missing) -> bool:
    """Readings of that day, also such as failed."""
    return bool(one.unread or one.undone) and one.state not in OPEN_BATCHES


def lacks_new(one: Missing) -> bool:
    """Answers that no batch has taken: what is opened without being asked for."""
    return bool(one.unread) and one.state not in {*OPEN_BATCHES, BatchState.CANCELLED}


def stands(db: Connection, one: Missing) -> Triggered:
    assert one.batch_id is not None  # noqa: S101  an org without a batch of that day lacks its readings
    batch = batches.load(db, one.batch_id)
    return Triggered(batch, outcome_for(batch.state))


def require_member(db: Connection, network: UUID, org: UUID, today: date) -> None:
    if not triggers.networks(db, [network]):
        raise NotFound(f"no network {network}; import it first")
    found = triggers.orgs(db, [org]).get(org)
    if found is None:
        raise NotFound(f"no org {org}; import it first")
    if not members.is_member(db, network, org):
        raise ConfigError(f"org {org} ({found.name}) is not in network {network}; add it to the network's import file")
    if not found.active:
        raise ConfigError(f"org {org} ({found.name}) is not active; set active: true in its import file")
    require(db, (), today)


def orgs_of(network: UUID) -> Sequence[UUID]:
    """Its active orgs, by name. Raises NotFound, or ConfigError for a network without any."""
    with transaction() as db:
        if not triggers.networks(db, [network]):
            raise NotFound(f"no network {network}; import it first")
        found = members.active(db, network)
    if not found:
        raise ConfigError(f"network {network} has no active org; list its orgs in its import file")
    return found
