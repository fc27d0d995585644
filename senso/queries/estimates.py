"""Data to estimate what a trigger would cost, from past calls. These statements only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.matrix import Subject
from senso.queries.members import ASKED
from senso.states import UNDONE_EVALUATIONS, UNDONE_RUNS, USEFUL, BatchKind, Purpose, RunState, among

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


NEW = """
    SELECT m.slug, m.provider, m.name, m.prices, cells.runs AS asks, {1} AS reads
    FROM {0}_models used JOIN models m ON m.id = used.model_id, LATERAL (
        SELECT (SELECT count(*) FROM {0}_questions WHERE {0}_id = used.{0}_id)
            * (SELECT count(*) FROM {0}_locations WHERE {0}_id = used.{0}_id)
            * (SELECT samples FROM {0}s WHERE id = used.{0}_id) AS runs
    ) cells
    WHERE used.{0}_id = :id ORDER BY m.slug
"""
OF_ORG, OF_NETWORK = text(NEW.format("org", "cells.runs")), text(NEW.format("network", "0"))
AGAIN = text(f"""
    SELECT m.slug, m.provider, m.name, m.prices, count(*) FILTER (WHERE {among("r.state", UNDONE_RUNS)}) AS asks,
        count(*) AS reads
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN models m ON m.id = r.model_id
    WHERE e.batch_id = :batch AND {among("e.state", UNDONE_EVALUATIONS)}
    GROUP BY m.slug, m.provider, m.name, m.prices ORDER BY m.slug
""")


def shares(db: Connection, subject: Subject) -> list[Share]:
    """For a batch of an org or a network that opens. A network's batch reads nothing."""
    query = OF_NETWORK if subject.kind is BatchKind.NETWORK else OF_ORG
    return each(Share, db.execute(query, {"id": subject.asking_id}))


FURTHER = text("""
    SELECT (SELECT count(*) FROM org_questions WHERE org_id = o.id)
        * (SELECT count(*) FROM org_models WHERE org_id = o.id)
        * (SELECT count(*) FROM org_locations WHERE org_id = o.id) * (o.most_samples - o.samples)
    FROM orgs o WHERE o.id = :org
""")


def further(db: Connection, org: UUID) -> int:
    """How many runs a batch of the org may ask besides, if they may decide a change."""
    return int(db.execute(FURTHER, {"org": org}).scalar_one())


RUNS_AGAIN = text(f"""
    SELECT m.slug, m.provider, m.name, m.prices, count(*) AS asks, 0 AS reads
    FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.batch_id = :batch AND {among("r.state", UNDONE_RUNS)}
    GROUP BY m.slug, m.provider, m.name, m.prices ORDER BY m.slug
""")


def shares_again(db: Connection, batch: UUID, kind: BatchKind) -> list[Share]:
    """For another episode of a batch whose matrix is frozen."""
    return each(Share, db.execute(RUNS_AGAIN if kind is BatchKind.NETWORK else AGAIN, {"batch": batch}))


MISSING = text(f"""
    SELECT m.slug, m.provider, m.name, m.prices, 0 AS asks, count(*) AS reads
    FROM batches n JOIN question_runs r ON r.batch_id = n.id JOIN models m ON m.id = r.model_id
    WHERE n.kind = '{BatchKind.NETWORK}' AND n.network_id = :network AND {ASKED}
        AND n.batch_date = ANY(CAST(:days AS date[])) AND r.state = '{RunState.ANSWERED}' AND NOT EXISTS (
            SELECT FROM evaluations e WHERE e.run_id = r.id AND e.org_id = :org
                AND NOT (:again AND {among("e.state", UNDONE_EVALUATIONS)}))
    GROUP BY m.slug, m.provider, m.name, m.prices ORDER BY m.slug
""")


def shares_missing(db: Connection, network: UUID, org: UUID, days: Sequence[date], *, again: bool) -> list[Share]:
    """Answers of the network that no batch has taken for the org; `again`: also those whose reading failed."""
    values = {"network": network, "org": org, "days": list(days), "again": again}
    return each(Share, db.execute(MISSING, values))


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
HISTORY_OF_ONE = text(
    HISTORY.format(
        latest="SELECT id FROM batches WHERE kind = :kind AND org_id IS NOT DISTINCT FROM :org AND network_id "
        "IS NOT DISTINCT FROM :network AND ended_at IS NOT NULL ORDER BY batch_date DESC LIMIT :batches"
    )
)
HISTORY_OF_ALL = text(
    HISTORY.format(
        latest=f"SELECT id FROM (SELECT id, ended_at FROM batches WHERE kind = '{BatchKind.ORG}' ORDER BY "
        "queued_at DESC LIMIT :batches) b WHERE ended_at IS NOT NULL"
    )
)


def history(db: Connection, subject: Subject) -> list[Past]:
    """From the subject's last batches that ended. Models without a useful call are left out: they predict nothing."""
    values = {"kind": subject.kind, "org": subject.org_id, "network": subject.network_id, "batches": BATCHES}
    return each(Past, db.execute(HISTORY_OF_ONE, values))


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
