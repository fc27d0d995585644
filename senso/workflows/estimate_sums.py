"""What triggers or retries would do and cost, summed: calls and cost of all, credits by who pays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.prices import ASSUMED
from senso.providers import Usage
from senso.states import Purpose
from senso.workflows.estimating import TriggerEstimate
from senso.workflows.network_estimates import NetworkEstimate


@dataclass(frozen=True, slots=True)
class Totals:
    """`cost_microusd` is None if any part of it is unknown; `known_cost_microusd` is the sum of the known parts."""

    runs: int
    evaluations: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int | None
    known_cost_microusd: int
    calls_of_unknown_cost: int


@dataclass(frozen=True, slots=True)
class Credits:
    """The credits of a partner, which all its orgs share."""

    partner: UUID
    name: str
    needed: int
    available: int | None
    metered: bool
    enough: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """`assumed`: the usage assumed for one call if an org has no history of such calls."""

    totals: Totals
    credits: list[Credits]
    assumed: dict[Purpose, Usage]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be triggered. `orgs`: those named, or those of the networks."""

    orgs: Sequence[TriggerEstimate]
    networks: Sequence[NetworkEstimate] = ()

    @property
    def all(self) -> list[TriggerEstimate | NetworkEstimate]:
        return [*self.networks, *self.orgs]


def summary(found: Foreseen) -> Summary:
    return Summary(totals(found.all), credit(found.orgs), assumptions(found.all))


def totals(found: Sequence[TriggerEstimate | NetworkEstimate]) -> Totals:
    every = [estimate for one in found for estimate in one.estimates]
    known = [estimate.cost_microusd for estimate in every if estimate.cost_microusd is not None]
    return Totals(
        runs=sum(one.runs for one in found),
        evaluations=sum(one.evaluations for one in found),
        calls=sum(estimate.calls for estimate in every),
        tokens_in=sum(estimate.tokens_in for estimate in every),
        tokens_out=sum(estimate.tokens_out for estimate in every),
        cost_microusd=sum(known) if len(known) == len(every) else None,
        known_cost_microusd=sum(known),
        calls_of_unknown_cost=sum(estimate.calls for estimate in every if estimate.cost_microusd is None),
    )


def credit(found: Sequence[TriggerEstimate]) -> list[Credits]:
    payers = {one.partner.id: one.partner for one in found}
    needed = {payer: sum(one.credits for one in found if one.partner.id == payer) for payer in payers}
    return [
        Credits(
            partner=payer,
            name=partner.name,
            needed=needed[payer],
            available=partner.available,
            metered=partner.available is not None,
            enough=partner.available is None or partner.available >= needed[payer],
        )
        for payer, partner in payers.items()
    ]


def assumptions(found: Sequence[TriggerEstimate | NetworkEstimate]) -> dict[Purpose, Usage]:
    used = {estimate.purpose for one in found for estimate in one.estimates if not estimate.answers}
    return {purpose: usage for purpose, usage in ASSUMED.items() if purpose in used}
