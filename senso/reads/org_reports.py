"""What a report of an org is made of, for whoever shows it: a command, or a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from senso.queries import claims
from senso.reads import history
from senso.reports.content import Batch, Report


@dataclass(frozen=True, slots=True)
class Found:
    """`batches`: all that have numbers, oldest first, also of other questions; a sheet has them all."""

    batches: Sequence[Batch]
    report: Report


def found(db: Connection, org: UUID, name: str, network: UUID | None) -> Found | None:
    """Of the newest batch, of the network if one is given; None if none has numbers. `name`: of the org."""
    batches = [one for one in history.batches(db, org) if network in {None, one.network_id}]
    if not batches:
        return None
    about = batches[-1]
    report = Report(
        org=name,
        batches=[batch for batch in batches if same_subject(batch, about)],
        pools=history.pools(db, about.id, org),
        asked=history.asked(db, about.id),
        claimed=claims.of_batch(db, about.id, org),
    )
    return Found(batches, report)


def same_subject(one: Batch, other: Batch) -> bool:
    return (one.kind, one.network_id) == (other.kind, other.network_id)
