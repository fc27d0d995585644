"""What a trigger, retry or cancel would do and cost. Nothing is written for these."""

from typing import Literal
from uuid import UUID

from senso.api.models import Shown
from senso.states import BatchKind, BatchState, Purpose, TriggerOutcome


class Payer(Shown):
    """`available`: credits; null if the partner is not metered."""

    id: UUID
    name: str
    available: int | None


class Estimate(Shown):
    """Calls of one kind. `answers`: past ones it is based on, 0 if assumed. `cost_microusd` null: price unknown."""

    purpose: Purpose
    asked: str | None
    provider: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int | None
    answers: int
    unknown: int
    price_source: str | None


class OrgEstimate(Shown):
    """`further`: runs that may be asked besides, where that may decide a change; in no other number."""

    org_id: UUID
    org: str
    batch: UUID | None
    outcome: TriggerOutcome
    runs: int
    evaluations: int
    credits: int
    partner: Payer
    estimates: list[Estimate]
    further: int


class NetworkEstimate(Shown):
    """What the network's batch would ask, and `orgs`: what would then be read for each."""

    network_id: UUID
    network: str
    batch: UUID | None
    outcome: TriggerOutcome
    runs: int
    estimates: list[Estimate]
    orgs: list[OrgEstimate]


class Totals(Shown):
    """`cost_microusd` is null if any part of it is unknown; `known_cost_microusd` is the sum of the known parts."""

    runs: int
    evaluations: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int | None
    known_cost_microusd: int
    calls_of_unknown_cost: int


class CreditsNeeded(Shown):
    """Of a partner. `enough`: for all that it would pay here."""

    partner: UUID
    name: str
    needed: int
    available: int | None
    metered: bool
    enough: bool


class Usage(Shown):
    tokens_in: int
    tokens_out: int
    searches: int


class Foreseen(Shown):
    """`assumed`: the usage that is assumed for one call where there is no history of such calls."""

    dry_run: Literal[True] = True
    orgs: list[OrgEstimate]
    networks: list[NetworkEstimate]
    totals: Totals
    credits: list[CreditsNeeded]
    assumed: dict[Purpose, Usage]


class ForeseenCancel(Shown):
    """`runs`, `readings`: open ones, which would end. `charged`, `held`, `released`: credits."""

    dry_run: Literal[True] = True
    batch: UUID
    kind: BatchKind
    state: BatchState
    org: str | None
    network: str | None
    runs: int
    readings: int
    charged: int
    held: int
    released: int
