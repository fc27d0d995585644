"""Networks for tests, asked in this process."""

from uuid import UUID

from at_work import start, work_off_network
from operating import Initiator, trigger_network

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants, ledger
from senso.settings import settings
from senso.tasks.stages import finish_batch, open_members, read

ME = Initiator("mara")


def lenders(make, count: int = 3, **options):
    """Orgs of a partner each, whose names are known, and their network."""
    orgs = [make.org(questions=0, **options) for _ in range(count)]
    for org in orgs:
        make.names(org)
    return orgs, make.network(*orgs)


def asked(make, network) -> tuple:
    """The network's batch of today with all that follows, and the batches of its orgs by org."""
    batch = trigger_network(network, ME).batch.id
    readers = work_off_network(make, batch)
    return batch, {make.state(reader)["org_id"]: reader for reader in readers}


def answered(make, network) -> UUID:
    """The network's batch of today; the batches of its orgs are opened, and nothing is read."""
    batch = ended(make, network)
    open_members(str(batch))
    return batch


def ended(make, network) -> UUID:
    """The network's batch of today, with its answers; no batch of an org is opened."""
    batch = trigger_network(network, ME).batch.id
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")
    return batch


def on(environment, moved: str) -> None:
    environment.setenv("SENSO_CLOCK", moved)
    settings.cache_clear()


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def grant(partner, more: int) -> None:
    with transaction() as db:
        ledger.grant(db, partner, more, f"more for {partner}")
