"""The batches of the orgs of a network: each reads the network's answers of one day for one org.

They are opened when the network's batch ends, for all its orgs; and by a trigger, for answers that an org lacks: it
joined later, could not pay, or readings of it failed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.log import logger
from senso.matrix import Subject
from senso.queries import batches, members, triggers
from senso.queries.batches import Batch
from senso.queries.members import Missing
from senso.runtime.saving import save
from senso.states import OPEN_BATCHES, BatchState, TriggerOutcome
from senso.workflows.initiator import Initiator
from senso.workflows.provider_access import require
from senso.workflows.trigger import Terms, Triggered, open_or_resume, outcome_for

log = logger(__name__)
FOLLOWED = Initiator("senso", members.FOLLOWING)


@dataclass(frozen=True, slots=True)
class Opening:
    """Who opens batches of a network's orgs, and `chooses`: of which days."""

    network: UUID
    by: Initiator
    under: Terms
    chooses: Callable[[Missing], bool]

    def open(self, db: Connection, found: Iterable[Missing]) -> list[Triggered]:
        return [self.open_one(db, one) for one in found if self.chooses(one)]

    def open_one(self, db: Connection, one: Missing) -> Triggered:
        """Chooses once more under the batch's lock: another trigger may have read it all, or somebody cancelled it."""
        if one.batch_id is not None:
            batches.load(db, one.batch_id, lock=True)
            (one,) = members.missing(db, self.network, one.date, one.org_id, until=one.date)
            if not self.chooses(one):
                return stands(db, one)
        under = replace(self.under, today=one.date, reopen=True)
        return open_or_resume(db, Subject.member(self.network, one.org_id), self.by, under, has_more=True)


def open_members(batch_id: UUID, under: Terms, history_days: int) -> None:
    """Opens a batch for each active org of a network whose batch has ended, and for each earlier day that it lacks."""
    batch = save(lambda db: batches.load(db, batch_id))
    network, since = batch.subject.asking_id, min(batch.batch_date, since_day(under.today, history_days))
    found = save(lambda db: members.missing(db, network, since))
    opening = Opening(network, FOLLOWED, under, lacks_new)
    for _, its in groupby(found, key=lambda one: one.org_id):
        wanted = list(its)
        save(lambda db, wanted=wanted: opening.open(db, wanted))  # type: ignore[misc]


def since_day(today: date, history_days: int) -> date:
    return today - timedelta(days=history_days)


def trigger_missing(network: UUID, org: UUID, by: Initiator, under: Terms, history_days: int) -> list[Triggered]:
    """Opens or resumes a batch for each day on which the org lacks readings, failed ones included.

    A batch that somebody cancelled is returned as it is, unless `under` reopens it; where the org lacks nothing, its
    latest batch is, or that of the network if it is being asked: the end of that one opens the org's. Raises NotFound,
    or ConfigError: the org is not in the network or not active, the network has no answers and is not being asked, a
    key of the model that reads is missing.
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
    found = answers_for(db, network, org, under.today, history_days)
    opened = Opening(network, by, under, partial(opens, reopen=under.reopen)).open(db, found)
    left = [one for one in found if lacks(one) and not opens(one, reopen=under.reopen)]
    under_way = [one for one in found if one.state in OPEN_BATCHES]
    told = [*opened, *(stands(db, one) for one in [*left, *under_way])]
    if not opened and not under_way:
        asked = being_asked(db, network, since_day(under.today, history_days))
        told += [Triggered(asked, TriggerOutcome.ATTACHED)] if asked else []
        told += [stands(db, one) for one in found[-1:] if not asked and one not in left]
    return sorted(told, key=lambda one: one.batch.batch_date)


def answers_for(db: Connection, network: UUID, org: UUID, today: date, history_days: int) -> list[Missing]:
    """Of each day on which the network has some. Raises ConfigError if there are none and it is not being asked."""
    since = since_day(today, history_days)
    found = members.missing(db, network, since, org)
    if not found and being_asked(db, network, since) is None:
        raise ConfigError(f"network {network} has no answers of the last {history_days} days{why(db, network, since)}")
    return found


def being_asked(db: Connection, network: UUID, since: date) -> Batch | None:
    latest = members.latest(db, network, since)
    batch = None if latest is None else batches.load(db, latest)
    return batch if batch and batch.state in OPEN_BATCHES else None


def why(db: Connection, network: UUID, since: date) -> str:
    """Why a network that is not being asked has no answers, and what to do."""
    latest = members.latest(db, network, since)
    if latest is None:
        return f"; ask for some: senso trigger network {network}"
    batch = batches.load(db, latest)
    again = f"senso retry {batch.id}"
    if batch.state is BatchState.BLOCKED:
        again = f"grant credits (senso credits), then: senso trigger network {network}"
    return f": its batch {batch.id} of {batch.batch_date} is {batch.state} ({batch.error}); {again}"


def lacks(one: Missing) -> bool:
    """Readings of that day, also such as failed."""
    return bool(one.unread or one.undone) and one.state not in OPEN_BATCHES


def opens(one: Missing, *, reopen: bool) -> bool:
    """Whether it is read when it is asked for."""
    return lacks(one) and (reopen or not one.stopped)


def lacks_new(one: Missing) -> bool:
    """Answers that no batch has taken: what is opened without being asked for."""
    return bool(one.unread) and opens(one, reopen=False)


def stands(db: Connection, one: Missing) -> Triggered:
    assert one.batch_id is not None  # noqa: S101  an org without a batch of that day lacks its readings
    batch = batches.load(db, one.batch_id)
    is_left = batch.state is BatchState.CANCELLED
    return Triggered(batch, TriggerOutcome.CANCELLED if is_left else outcome_for(batch.state))


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
