"""The calls of the runs of a batch that took longest, for a picture of where its time went."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import BatchKind, EvaluationState, Outcome, Purpose, RunState

# Of a larger batch, of a network, so many runs of it are looked at.
LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class SlowRun:
    """`began_at`: from when it waited. `ended_at`: when it was read, or had failed; None: it has not ended."""

    id: UUID
    number: int
    model: str
    location: str
    state: RunState
    began_at: datetime
    ended_at: datetime | None


# The calls of a run say how long it took; what is still open takes longest. Runs are chosen within the batch, by key.
SLOWEST = text(f"""
    WITH b AS MATERIALIZED (SELECT * FROM batches WHERE id = :batch),
    own AS MATERIALIZED (
        (SELECT r.id, r.number, r.state, r.model_id, r.location_id, b.started_at FROM b JOIN question_runs r
            ON r.batch_id = b.id AND b.kind <> '{BatchKind.NETWORK_ORG}' LIMIT {LOOKED_AT})
        UNION ALL
        (SELECT r.id, r.number, r.state, r.model_id, r.location_id, b.started_at FROM b JOIN evaluations e
            ON e.batch_id = b.id AND e.is_current AND b.kind = '{BatchKind.NETWORK_ORG}'
            JOIN question_runs r ON r.id = e.run_id LIMIT {LOOKED_AT})
    ),
    timed AS (
        SELECT own.*, EXISTS (SELECT FROM evaluations e WHERE e.batch_id = :batch AND e.run_id = own.id
                AND e.is_current AND e.state IN ('{EvaluationState.PENDING}', '{EvaluationState.EXTRACTING}')
                AND own.state <> '{RunState.FAILED}') AS is_open,
            (SELECT max(e.ended_at) FROM evaluations e WHERE e.batch_id = :batch AND e.run_id = own.id) AS read_at,
            (SELECT max(c.started_at + make_interval(secs => coalesce(c.latency_ms, 0) / 1000.0)) FROM llm_calls c
                WHERE c.run_id = own.id AND c.batch_id = :batch) AS called_at
        FROM own WHERE own.started_at IS NOT NULL
    )
    SELECT timed.id, number, m.slug AS model, l.country AS location, state, started_at AS began_at,
        CASE WHEN NOT is_open THEN greatest(read_at, called_at) END AS ended_at
    FROM timed JOIN models m ON m.id = model_id JOIN locations l ON l.id = location_id
    ORDER BY is_open DESC, greatest(read_at, called_at) DESC NULLS LAST, number LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class RunCall:
    run_id: UUID
    purpose: Purpose
    provider: str
    model: str
    started_at: datetime
    latency_ms: int | None
    outcome: Outcome | None
    error: str | None


# Of the present episode: those before it have ended.
CALLS = text("""
    SELECT run_id, purpose, provider, model, started_at, latency_ms, outcome, error FROM llm_calls
    WHERE run_id = ANY(CAST(:runs AS uuid[])) AND batch_id = :batch AND started_at >= :since ORDER BY id LIMIT :most
""")


def slowest(db: Connection, batch: UUID, most: int) -> list[SlowRun]:
    """Those that have not ended first, then those that ended last. None while the batch waits for its turn."""
    return each(SlowRun, db.execute(SLOWEST, {"batch": str(batch), "most": most}))


def calls(db: Connection, batch: UUID, runs: list[SlowRun], most: int) -> list[RunCall]:
    if not runs:
        return []
    values = {"runs": [str(one.id) for one in runs], "batch": str(batch), "since": runs[0].began_at, "most": most}
    return each(RunCall, db.execute(CALLS, values))
