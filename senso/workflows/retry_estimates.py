"""What a retry of batches would ask, read and cost, without doing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection
from senso.queries import estimates, triggers
from senso.queries.estimates import Share
from senso.queries.selections import Matched
from senso.states import BatchKind, TriggerOutcome
from senso.workflows.estimating import Foreseen, TriggerEstimate, estimate, estimate_calls
from senso.workflows.network_estimates import NetworkEstimate


def estimate_retries(db: Connection, found: Sequence[Matched]) -> tuple[list[TriggerEstimate], list[NetworkEstimate]]:
    """Of orgs, and of networks; what would then be read of a network's new answers is not part of it."""
    payers = estimates.payers(db, [one.org_id for one in found if one.org_id])
    orgs = []
    for one in found:
        if one.org_id is None:
            continue
        shares = shares_of(db, one)
        needed = one.credits_per_evaluation * sum(share.reads for share in shares)
        foreseen = Foreseen(one.subject, payers[one.org_id], shares, TriggerOutcome.REOPENED, needed, one.id)
        orgs.append(estimate(db, foreseen))
    return orgs, [estimate_network(db, one) for one in found if one.org_id is None]


def estimate_network(db: Connection, one: Matched) -> NetworkEstimate:
    network, shares = one.subject.asking_id, shares_of(db, one)
    return NetworkEstimate(
        network_id=network,
        network=triggers.networks(db, [network])[network].name,
        batch=one.id,
        outcome=TriggerOutcome.REOPENED,
        runs=sum(share.asks for share in shares),
        estimates=tuple(estimate_calls(db, shares, estimates.history(db, one.subject), needs_names=False)),
        orgs=(),
    )


def shares_of(db: Connection, one: Matched) -> list[Share]:
    """A batch that was cancelled before it was opened is opened by its retry."""
    if not one.is_opened and one.kind is not BatchKind.NETWORK_ORG:
        return estimates.shares(db, one.subject)
    return estimates.shares_again(db, one.id, one.kind)


@dataclass(frozen=True, slots=True)
class Again:
    """How many runs will be asked, and how many answers only read; None if the batch was never opened."""

    asked_again: int | None = None
    read_again: int | None = None


def again_of(db: Connection, batch: UUID, kind: BatchKind, planned: int | None) -> Again:
    """What a retry of a batch that has ended will do."""
    if planned is None:
        return Again()
    found = estimates.shares_again(db, batch, kind)
    only_read = sum(max(one.reads - one.asks, 0) for one in found)  # the batch of a network reads nothing
    return Again(sum(one.asks for one in found), only_read)
