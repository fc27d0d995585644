"""What a trigger of a network, or of what its orgs lack, would do and cost, without doing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from uuid import UUID

from senso.db import Connection
from senso.matrix import Subject
from senso.queries import estimates, members, triggers
from senso.queries.estimates import Payer, Share
from senso.queries.members import Missing
from senso.states import BatchState, TriggerOutcome
from senso.workflows.estimating import (
    Estimate,
    Foreseen,
    TriggerEstimate,
    estimate,
    estimate_calls,
    opened,
    outcome,
    require_triggerable,
    shares_of,
)
from senso.workflows.membership import answers_for, lacks, lacks_new, opens, require_member, since_day
from senso.workflows.trigger import Terms, outcome_for


@dataclass(frozen=True, slots=True)
class NetworkEstimate:
    """What the network's batch would ask, and `orgs`: what would then be read for each of its orgs."""

    network_id: UUID
    network: str
    batch: UUID | None
    outcome: TriggerOutcome
    runs: int
    estimates: tuple[Estimate, ...]
    orgs: tuple[TriggerEstimate, ...]
    evaluations: int = 0  # those are of the orgs


@dataclass(frozen=True, slots=True)
class Ahead:
    """`since`: the first day whose answers are read. `to_come`: what the network would ask before that."""

    under: Terms
    since: date
    to_come: Sequence[Share] = ()


def estimate_networks(
    db: Connection, networks: Sequence[UUID], under: Terms, history_days: int
) -> list[NetworkEstimate]:
    """Writes nothing: the transaction is made read-only. Raises what the triggers would raise."""
    estimates.read_only(db)
    require_triggerable(db, list(map(Subject.network, networks)), under)
    return [estimate_network(db, network, under, history_days) for network in networks]


def estimate_network(db: Connection, network: UUID, under: Terms, history_days: int) -> NetworkEstimate:
    subject = Subject.network(network)
    batch = opened(db, subject.batch_on(under.today))
    shares = shares_of(db, subject, batch)
    calls = estimate_calls(db, shares, estimates.history(db, subject), needs_names=False)
    ahead = Ahead(under, since_day(under.today, history_days), shares)
    return NetworkEstimate(
        network_id=network,
        network=triggers.networks(db, [network])[network].name,
        batch=batch.id if batch else None,
        outcome=outcome(batch),
        runs=sum(share.asks for share in shares),
        estimates=tuple(calls),
        orgs=tuple(estimate_members(db, network, members.active(db, network) if shares else [], ahead)),
    )


def estimate_missing(
    db: Connection, network: UUID, orgs: Sequence[UUID], under: Terms, history_days: int
) -> list[TriggerEstimate]:
    """As `estimate_networks`. An org may get several batches, one for each day."""
    estimates.read_only(db)
    for org in orgs:
        require_member(db, network, org, under.today)
        answers_for(db, network, org, under.today, history_days)
    return estimate_members(db, network, orgs, Ahead(under, since_day(under.today, history_days)))


def estimate_members(db: Connection, network: UUID, orgs: Sequence[UUID], ahead: Ahead) -> list[TriggerEstimate]:
    payers = estimates.payers(db, orgs)
    return [estimate_member(db, network, org, payers[org], ahead) for org in orgs]


def estimate_member(db: Connection, network: UUID, org: UUID, partner: Payer, ahead: Ahead) -> TriggerEstimate:
    found, asked_for = members.missing(db, network, ahead.since, org), not ahead.to_come
    chosen = partial(opens, reopen=ahead.under.reopen) if asked_for else lacks_new
    lacking = list(filter(chosen, found))
    shares = [replace(share, asks=0, reads=share.asks) for share in ahead.to_come]
    shares += estimates.shares_missing(db, network, org, [one.date for one in lacking], again=asked_for)
    needed = ahead.under.credits_each * sum(share.asks for share in ahead.to_come)
    needed += sum(credits_of(one, ahead.under, again=asked_for) for one in lacking)
    said = TriggerOutcome.OPENED
    if asked_for:
        said = outcome_of((lacking or found)[-1], ahead.under) if found else TriggerOutcome.ATTACHED
    return estimate(db, Foreseen(Subject.member(network, org), partner, shares, said, needed))


def credits_of(one: Missing, under: Terms, *, again: bool) -> int:
    return (one.unread + (one.undone if again else 0)) * (one.credits_per_evaluation or under.credits_each)


def outcome_of(one: Missing, under: Terms) -> TriggerOutcome:
    """Of the last day, which stands for all of them."""
    if one.state is None:
        return TriggerOutcome.OPENED
    if one.stopped and not under.reopen:
        return TriggerOutcome.CANCELLED
    if lacks(one) and one.state is not BatchState.BLOCKED:
        return TriggerOutcome.REOPENED
    return outcome_for(one.state)
