"""What a cancel ends, and what goes on nevertheless: calls under way, and jobs at vendors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.keys import CHARGE, HOLD
from senso.db.typed import each
from senso.prices import assumed_usage, cost_microusd, price_of
from senso.states import OPEN_EVALUATIONS, OPEN_JOBS, OPEN_RUNS, USEFUL, BatchKind, BatchState, Purpose, among

# Calls of their own that have not reported back and whose lease may hold; the mean cost of those of their kind that
# the same batches have made; and the price of their model.
CALLS = text(f"""
    SELECT c.purpose, count(*) AS calls, (
            SELECT round(avg(k.cost_microusd))::bigint FROM llm_calls k
            WHERE k.batch_id = ANY(CAST(:batches AS uuid[])) AND {among("k.outcome", USEFUL)} AND k.job_id IS NULL
                AND (k.purpose, k.provider, k.model) = (c.purpose, c.provider, c.model)
        ) AS each_microusd,
        (SELECT m.prices FROM models m WHERE (m.provider, m.name) = (c.provider, c.model) LIMIT 1) AS prices
    FROM llm_calls c
    WHERE c.batch_id = ANY(CAST(:batches AS uuid[])) AND c.outcome IS NULL AND c.job_id IS NULL
        AND c.started_at > now() - make_interval(secs => :seconds)
    GROUP BY c.purpose, c.provider, c.model
""")
# Open ones, and those whose cancellation the vendor has not accepted yet.
JOBS = text(f"""
    SELECT provider, count(*) AS jobs FROM vendor_jobs
    WHERE batch_id = ANY(CAST(:batches AS uuid[])) AND (
        ({among("state", OPEN_JOBS)} AND coalesce(external_id, request_hash) IS NOT NULL)
        OR (cancel_due_at IS NOT NULL AND cancelled_at IS NULL))
    GROUP BY provider ORDER BY provider
""")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """`cost_microusd`: estimated, of the calls except `calls_of_unknown_cost`. `jobs`: at vendors, by provider."""

    calls: int
    cost_microusd: int
    calls_of_unknown_cost: int
    jobs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Calls:
    purpose: Purpose
    calls: int
    each_microusd: int | None
    prices: Mapping[str, Any] | None

    @property
    def cost_microusd(self) -> int | None:
        if self.each_microusd is not None:
            return self.calls * self.each_microusd
        price = price_of(self.prices)
        each_one = cost_microusd(price, assumed_usage(self.purpose, price, by_job=False))
        return None if each_one is None else self.calls * each_one


def under_way(db: Connection, batches: Iterable[UUID], lease_seconds: float) -> UnderWay:
    """What may still cost something although the batches end now."""
    values = {"batches": list(map(str, batches)), "seconds": lease_seconds}
    calls = each(Calls, db.execute(CALLS, values))
    known = [one.cost_microusd for one in calls if one.cost_microusd is not None]
    return UnderWay(
        calls=sum(one.calls for one in calls),
        cost_microusd=sum(known),
        calls_of_unknown_cost=sum(one.calls for one in calls if one.cost_microusd is None),
        jobs={one.provider: one.jobs for one in db.execute(JOBS, values)},
    )


HELD = f"(SELECT -h.credits FROM ledger h WHERE h.idempotency_key = {HOLD.sql('b.id', 'b.episode')})"
UNCHARGED = f"""(SELECT count(*) FROM evaluations e WHERE e.batch_id = b.id AND e.state = 'done' AND NOT EXISTS (
            SELECT FROM ledger l WHERE l.idempotency_key = {CHARGE.sql("e.run_id", "e.org_id")}))"""
STOPPED = text(f"""
    SELECT b.id AS batch, b.kind, b.state, o.name AS org, n.name AS network,
        (SELECT count(*) FROM question_runs r WHERE r.batch_id = b.id AND {among("r.state", OPEN_RUNS)}) AS runs,
        (SELECT count(*) FROM evaluations e WHERE e.batch_id = b.id AND {among("e.state", OPEN_EVALUATIONS)})
            AS readings,
        CASE WHEN {HELD} IS NULL THEN 0 ELSE {UNCHARGED} * b.credits_per_evaluation END AS charged,
        coalesce({HELD}, 0) AS held
    FROM batches b LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id
    WHERE b.id = ANY(CAST(:batches AS uuid[])) ORDER BY b.queued_at, b.id
""")


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a cancel of a batch would do. `runs`, `readings`: open ones, which end.

    `charged`: credits, for what was read. `held`: credits, which are released; the charges then go off.
    """

    batch: UUID
    kind: BatchKind
    state: BatchState
    org: str | None
    network: str | None
    runs: int
    readings: int
    charged: int
    held: int


def stopped(db: Connection, batches: Sequence[UUID]) -> list[Stopped]:
    return each(Stopped, db.execute(STOPPED, {"batches": list(map(str, batches))}))
