"""The status of batches, for operators."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.keys import PUSH
from senso.db.typed import each, first
from senso.queries.counted import ROWS, SHOWN, SHOWN_TRIES
from senso.queries.members import WITH_ANSWERS
from senso.reads.waiting import Wait
from senso.records import TOLD_IF_SET
from senso.states import (
    OPEN_BATCHES,
    OPEN_EVALUATIONS,
    OPEN_JOBS,
    OPEN_RUNS,
    BatchKind,
    BatchState,
    Entry,
    FinishedBy,
    PushStatus,
    among,
)


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """`planned`, `evaluated`, `failed`, `remaining`: answers read or to be read; in a batch of a network, runs.
    `answered`, `asking`: runs; in a batch that reads a network's answers, those that it reads.

    `planned` is None until the matrix is frozen, `remaining` until this episode of the batch is opened. `charged`:
    credits. `cost_microusd`: of `llm_calls` except `calls_of_unknown_cost`. `failed_tries`: how many
    calls brought nothing, by how they ended; most were followed by another. `partner_available`: None if the partner is
    not metered; of a network, each org has its own. `seen_at`: the database's clock. `orgs`: for a network, how many
    batches read its answers, by state. `pruned_at`: since then its answers are deleted, and counts are as they were.
    `waiting_for`: None if it was not queried.
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
    failed_tries: dict[str, int]
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
    seen_at: datetime
    orgs: dict[str, int] | None = field(default=None, metadata=TOLD_IF_SET)
    waiting_for: Sequence[Wait] | None = field(default=None, metadata=TOLD_IF_SET)

    @property
    def subject(self) -> str:
        """By name, for people."""
        return named(self.org, self.network)


def named(org: str | None, network: str | None) -> str:
    """`org` of a network, the one or the other."""
    return f"{org} in {network}" if org and network else org or network or "-"


STATUS = f"""
    SELECT b.id, b.kind, b.org_id, b.network_id, b.batch_date AS date, b.episode, b.state, b.planned, {SHOWN},
        coalesce(charges.charged, 0) AS charged, {SHOWN_TRIES},
        b.finished_by, p.status AS push, b.queued_at, b.started_at, b.ended_at, b.pruned_at, b.error, b.note,
        o.name AS org, n.name AS network, o.partner_id, t.name AS partner, t.available AS partner_available,
        b.remaining, r.asking, now() AS seen_at, CASE WHEN b.kind = '{BatchKind.NETWORK}' THEN (
            SELECT jsonb_object_agg(state, count) FROM (
                SELECT m.state, count(*) FROM batches m
                WHERE m.kind = '{BatchKind.NETWORK_ORG}' AND m.network_id = b.network_id
                    AND m.batch_date = b.batch_date
                GROUP BY m.state) members) END AS orgs
    FROM batches b LEFT JOIN networks n ON n.id = b.network_id
    LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN partners t ON t.id = o.partner_id
    {ROWS}
    LEFT JOIN LATERAL (SELECT -sum(credits)::bigint AS charged FROM ledger
        WHERE batch_id = b.id AND entry = '{Entry.CHARGE}') charges ON true
    LEFT JOIN pushes p ON p.key = {PUSH.sql("b.id", "b.episode")}
"""
CHOSEN = text(STATUS + " WHERE b.id = ANY(CAST(:batches AS uuid[]))")
# The batches are chosen first, so that totals are counted only for them.
RECENT = text(
    STATUS
    + """
    WHERE b.id IN (
        SELECT id FROM batches
        WHERE (CAST(:states AS text[]) IS NULL OR state = ANY(CAST(:states AS text[])))
            AND (CAST(:since AS timestamptz) IS NULL OR coalesce(ended_at, now()) >= :since)
        ORDER BY queued_at DESC LIMIT :most
    )
    ORDER BY b.queued_at DESC
"""
)


def batch(db: Connection, batch_id: UUID) -> BatchStatus | None:
    return next(iter(batches(db, [batch_id])), None)


def batches(db: Connection, ids: Sequence[UUID]) -> list[BatchStatus]:
    """In any order, without those that there are not."""
    return each(BatchStatus, db.execute(CHOSEN, {"batches": list(ids)}))


def recent(
    db: Connection, most: int = 20, *, states: Sequence[BatchState] | None = None, since: datetime | None = None
) -> list[BatchStatus]:
    """The latest first. With `since`: those that ended then or later, and those that have not ended."""
    values = {"most": most, "states": list(states) if states else None, "since": since}
    return each(BatchStatus, db.execute(RECENT, values))


TOTALS = text("""
    SELECT state, count(*) AS batches FROM batches
    WHERE (CAST(:states AS text[]) IS NULL OR state = ANY(CAST(:states AS text[])))
        AND (CAST(:since AS timestamptz) IS NULL OR coalesce(ended_at, now()) >= :since)
    GROUP BY state ORDER BY array_position(
        ARRAY['queued', 'running', 'blocked', 'failed', 'partial', 'cancelled', 'completed'], state
    )
""")


def totals(
    db: Connection, *, states: Sequence[BatchState] | None = None, since: datetime | None = None
) -> dict[BatchState, int]:
    """How many batches `recent` would find without its limit, by state; open states come first."""
    found = db.execute(TOTALS, {"states": list(states) if states else None, "since": since})
    return {BatchState(one.state): one.batches for one in found}


ORG = text("SELECT id, name FROM orgs WHERE id = :org")


@dataclass(frozen=True, slots=True)
class Org:
    id: UUID
    name: str


def org(db: Connection, org_id: UUID) -> Org | None:
    return first(Org, db.execute(ORG, {"org": org_id}))


# The progress of batches, from their own rows alone: reading four hundred of them costs as much as reading one.
PROGRESS = text("""
    SELECT b.id, b.kind, b.state, b.planned, b.remaining, o.name AS org, n.name AS network
    FROM batches b LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id
    WHERE b.id = ANY(CAST(:batches AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class Progress:
    """`planned` and `remaining` as in BatchStatus."""

    id: UUID
    kind: BatchKind
    state: BatchState
    planned: int | None
    remaining: int | None
    org: str | None
    network: str | None

    @property
    def subject(self) -> str:
        """By name, for people."""
        return named(self.org, self.network)

    @property
    def done(self) -> int:
        return 0 if self.planned is None or self.remaining is None else self.planned - self.remaining


def progress(db: Connection, ids: Sequence[UUID]) -> list[Progress]:
    """In any order, without those that there are not."""
    return each(Progress, db.execute(PROGRESS, {"batches": list(ids)}))


# The batches that read the answers of batches of networks; those that are not opened yet have no id.
FOLLOWING = text(f"""
    SELECT b.id FROM batches n JOIN network_orgs m ON m.network_id = n.network_id JOIN orgs o ON o.id = m.org_id
        LEFT JOIN batches b ON b.kind = '{BatchKind.NETWORK_ORG}' AND b.org_id = o.id AND b.network_id = n.network_id
            AND b.batch_date = n.batch_date
    WHERE n.id = ANY(CAST(:batches AS uuid[])) AND {among("n.state", WITH_ANSWERS)} AND o.active
        AND (b.id IS NOT NULL OR m.joined_at < n.ended_at)
    ORDER BY o.name, b.id
""")


def following(db: Connection, networks: Sequence[UUID]) -> tuple[list[UUID], bool]:
    """`networks`: batches of networks that have ended. The batches of their orgs, and whether these are all opened."""
    found = list(db.execute(FOLLOWING, {"batches": list(networks)}).scalars())
    return [one for one in found if one is not None], None not in found


OPEN_ONES = text(f"""
    SELECT id FROM batches WHERE {among("state", OPEN_BATCHES)} ORDER BY queued_at LIMIT :most
""")


def open_ones(db: Connection, most: int) -> list[UUID]:
    """Batches that are queued or running, the oldest first."""
    return list(db.execute(OPEN_ONES, {"most": most}).scalars())


ANY_OPEN = text(f"""
    SELECT EXISTS (SELECT FROM question_runs WHERE batch_id = :batch AND {among("state", OPEN_RUNS)})
        OR EXISTS (SELECT FROM evaluations WHERE batch_id = :batch AND {among("state", OPEN_EVALUATIONS)})
        OR EXISTS (SELECT FROM vendor_jobs WHERE batch_id = :batch AND {among("state", OPEN_JOBS)})
""")


def any_open(db: Connection, batch_id: UUID) -> bool:
    """Under the batch's lock this is final: opening a batch takes the same lock."""
    return bool(db.execute(ANY_OPEN, {"batch": batch_id}).scalar_one())
