"""Data to estimate what a trigger would cost, from past calls. These statements only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import UNDONE_EVALUATIONS, UNDONE_RUNS, USEFUL, BatchKind, Purpose, among

# Postgres then refuses every write, so that a dry run changes nothing, whatever it calls.
READ_ONLY = text("SET TRANSACTION READ ONLY")


def read_only(db: Connection) -> None:
    """Makes the transaction read-only. Must be the first statement in it."""
    db.execute(READ_ONLY)


@dataclass(frozen=True, slots=True)
class Share:
    """One model's part of a batch: how many runs to ask, and how many answers to read."""

    slug: str
    provider: str
    name: str
    prices: Mapping[str, Any] | None  # as stored
    asks: int
    reads: int


NEW = text("""
    SELECT m.slug, m.provider, m.name, m.prices, cells.runs AS asks, cells.runs AS reads
    FROM org_models om JOIN models m ON m.id = om.model_id, LATERAL (
        SELECT (SELECT count(*) FROM org_questions WHERE org_id = om.org_id)
            * (SELECT count(*) FROM org_locations WHERE org_id = om.org_id) AS runs
    ) cells
    WHERE om.org_id = :org ORDER BY m.slug
""")
AGAIN = text(f"""
    SELECT m.slug, m.provider, m.name, m.prices, count(*) FILTER (WHERE {among("r.state", UNDONE_RUNS)}) AS asks,
        count(*) AS reads
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN models m ON m.id = r.model_id
    WHERE e.batch_id = :batch AND {among("e.state", UNDONE_EVALUATIONS)}
    GROUP BY m.slug, m.provider, m.name, m.prices ORDER BY m.slug
""")


def shares(db: Connection, org: UUID) -> list[Share]:
    """For a batch that opens."""
    return each(Share, db.execute(NEW, {"org": org}))


def shares_again(db: Connection, batch: UUID) -> list[Share]:
    """For another episode of a batch whose matrix is frozen."""
    return each(Share, db.execute(AGAIN, {"batch": batch}))


@dataclass(frozen=True, slots=True)
class Past:
    """Totals of past calls of one purpose, failed ones included. `answers`: how many were useful.

    `slug`: the model that was asked, also for readings, since a long answer takes longer to read; None for names.
    `priced`: answers whose cost is known. `cost_microusd`: of all calls whose cost is known; `unknown`: other calls.
    """

    purpose: Purpose
    slug: str | None
    provider: str
    model: str
    answers: int
    calls: int
    tokens_in: int
    tokens_out: int
    priced: int
    cost_microusd: int
    unknown: int


BATCHES, BATCHES_OF_ALL = 5, 50
HISTORY = f"""
    WITH latest AS ({{latest}}),
    made AS (
        SELECT c.*, m.slug, coalesce(c.run_id, c.batch_id) AS work, {among("c.outcome", USEFUL)} AS useful
        FROM llm_calls c LEFT JOIN question_runs r ON r.id = c.run_id LEFT JOIN models m ON m.id = r.model_id
        WHERE c.batch_id IN (SELECT id FROM latest)
    )
    SELECT purpose, slug, provider, model, count(DISTINCT work) FILTER (WHERE useful) AS answers, count(*) AS calls,
        coalesce(sum(tokens_in), 0)::bigint AS tokens_in, coalesce(sum(tokens_out), 0)::bigint AS tokens_out,
        count(DISTINCT work) FILTER (WHERE useful AND cost_microusd IS NOT NULL) AS priced,
        coalesce(sum(cost_microusd), 0)::bigint AS cost_microusd,
        count(*) FILTER (WHERE cost_microusd IS NULL) AS unknown
    FROM made GROUP BY purpose, slug, provider, model
    HAVING count(*) FILTER (WHERE useful) > 0
"""
HISTORY_OF_ORG = text(
    HISTORY.format(
        latest=f"SELECT id FROM batches WHERE kind = '{BatchKind.ORG}' AND org_id = :org AND ended_at IS NOT NULL "
        "ORDER BY batch_date DESC LIMIT :batches"
    )
)
HISTORY_OF_ALL = text(
    HISTORY.format(
        latest=f"SELECT id FROM (SELECT id, ended_at FROM batches WHERE kind = '{BatchKind.ORG}' ORDER BY "
        "queued_at DESC LIMIT :batches) b WHERE ended_at IS NOT NULL"
    )
)


def history(db: Connection, org: UUID) -> list[Past]:
    """From the org's last batches that ended. Models without a useful call are left out: they predict nothing."""
    return each(Past, db.execute(HISTORY_OF_ORG, {"org": org, "batches": BATCHES}))


def history_of_all(db: Connection) -> list[Past]:
    """From the last batches of all orgs."""
    return each(Past, db.execute(HISTORY_OF_ALL, {"batches": BATCHES_OF_ALL}))


PAYERS = text("""
    SELECT o.id AS org, p.id, p.name, p.available FROM orgs o JOIN partners p ON p.id = o.partner_id
    WHERE o.id = ANY(CAST(:ids AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class Payer:
    """A partner. `available`: credits; None if it is not metered."""

    id: UUID
    name: str
    available: int | None


def payers(db: Connection, orgs: Sequence[UUID]) -> dict[UUID, Payer]:
    """The partner of each org."""
    found = db.execute(PAYERS, {"ids": [str(one) for one in orgs]})
    return {one.org: Payer(one.id, one.name, one.available) for one in found}
