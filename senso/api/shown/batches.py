"""Batches, as `senso status --json` has them."""

from datetime import date, datetime
from uuid import UUID

from typing_extensions import TypeAliasType

from senso.api.models import Shown
from senso.reads.waiting import Cause, Stage
from senso.states import BatchKind, BatchState, CancelOutcome, FinishedBy, PushStatus, TriggerOutcome

# Names of their own, which clients are generated with.
CountsByOutcome = TypeAliasType("CountsByOutcome", dict[str, int])
BatchesByState = TypeAliasType("BatchesByState", dict[str, int])
JobsByProvider = TypeAliasType("JobsByProvider", dict[str, int])


class Wait(Shown):
    """What a batch waits for. `count`: of what is waited for; `runs`: how many of its runs wait for that."""

    what: Cause
    stage: Stage | None
    count: int
    runs: int
    provider: str | None
    model: str | None
    reason: str | None
    since: datetime | None
    until: datetime | None
    next: datetime | None
    tries: int


class Batch(Shown):
    """`planned`, `evaluated`, `failed`, `remaining`: answers read or to be read; in a batch of a network, runs.

    `planned` is null until the matrix is frozen, `remaining` until this episode is opened. `charged`: credits.
    `cost_microusd`: of `llm_calls` except `calls_of_unknown_cost`. `failed_tries`: calls that brought nothing, by how
    they ended. `partner_available`: null if the partner is not metered. `orgs`: of a network, how many batches read
    its answers, by state. `waiting_for`: null in lists.
    """

    id: UUID
    kind: BatchKind
    org_id: UUID | None
    network_id: UUID | None
    date: date
    episode: int
    state: BatchState
    planned: int | None
    answered: int
    evaluated: int
    failed: int
    charged: int
    cost_microusd: int
    llm_calls: int
    calls_of_unknown_cost: int
    failed_tries: CountsByOutcome
    finished_by: FinishedBy | None
    push: PushStatus | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    pruned_at: datetime | None
    error: str | None
    note: str | None
    org: str | None
    network: str | None
    partner_id: UUID | None
    partner: str | None
    partner_available: int | None
    remaining: int | None
    asking: int
    orgs: BatchesByState | None
    waiting_for: list[Wait] | None


class TriggeredDay(Shown):
    """One of several batches that a trigger has opened or found."""

    id: UUID
    date: date
    outcome: TriggerOutcome


class TriggeredBatch(Batch):
    """The batch as it stands, and what the trigger did. Of kind network_org: the latest of `days`."""

    outcome: TriggerOutcome
    days: list[TriggeredDay]


class UnderWay(Shown):
    """What goes on after a cancel. `cost_microusd`: estimated, except of `calls_of_unknown_cost`; `jobs`: by vendor."""

    calls: int
    cost_microusd: int
    calls_of_unknown_cost: int
    jobs: JobsByProvider


class CancelledBatch(Batch):
    """`outcome` finished: all had been read, so it ended as what it is."""

    outcome: CancelOutcome
    under_way: UnderWay


class RetriedBatch(Batch):
    """Queued as its next episode. How many runs will be asked, and answers only read; null if it was never opened."""

    outcome: BatchState
    asked_again: int | None
    read_again: int | None
