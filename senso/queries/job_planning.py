"""Stage 2 for models that answer later: which runs go into which vendor job."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from senso.db import Connection
from senso.db.statement import Found, Prepared
from senso.matrix import dated_id
from senso.policy import Policy
from senso.queries.outbox import Pipeline, enqueue

GROUPS = Prepared("""
    SELECT r.model_id, r.location_id, m.provider, array_agg(r.id ORDER BY r.number) AS runs
    FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.batch_id = :batch AND r.state = 'planned' AND r.sent_at IS NULL AND r.snapshot_id IS NULL
        AND m.provider = ANY(:providers)
    GROUP BY r.model_id, r.location_id, m.provider
    ORDER BY min(r.number)
""")

# The outbox row sends the submit message; `next_poll_at` is the fallback if that is lost. The vendor's deadline starts
# when the job is submitted; until then the batch's deadline applies.
PLAN = Prepared("""
    WITH made AS (
        INSERT INTO vendor_jobs (id, batch_id, provider, model_id, location_id, deadline, next_poll_at)
        SELECT given.id, b.id, given.provider, given.model_id, given.location_id,
            least(b.deadline, now() + make_interval(secs => :most_seconds)), now() + interval '30 seconds'
        FROM batches b CROSS JOIN unnest(CAST(:ids AS uuid[]), CAST(:providers AS text[]), CAST(:models AS uuid[]),
            CAST(:locations AS uuid[])) AS given (id, provider, model_id, location_id)
        WHERE b.id = :batch
        ON CONFLICT DO NOTHING
        RETURNING id
    ),
    bound AS (
        UPDATE question_runs r SET snapshot_id = made.id, sent_at = now()
        FROM made JOIN unnest(CAST(:jobs AS uuid[]), CAST(:runs AS uuid[])) AS cell (job, run) ON cell.job = made.id
        WHERE r.id = ANY(CAST(:runs AS uuid[])) AND r.id = cell.run
    )
    SELECT id FROM made
""")


def plan(db: Connection, batch: UUID, day: date, episode: int, providers: Sequence[str], policy: Policy) -> int:
    """Plans one job per model and location, which are submitted together; returns the number of intents."""
    groups = GROUPS.rows(db, {"batch": batch, "providers": list(providers)})
    if not groups:
        return 0
    ids = [dated_id(day, "snapshot", batch, episode, *group["runs"]) for group in groups]
    values = {"batch": batch, "most_seconds": policy.batch_seconds}
    made = set(PLAN.column(db, values | planned(ids, groups)))
    wanted = [job for job in ids if job in made]
    if not wanted:
        return 0
    enqueue(db, Pipeline.SUBMIT, wanted[0], ids=wanted, batch=batch)
    return 1


def planned(ids: Sequence[UUID], groups: Sequence[Found]) -> dict[str, list[object]]:
    cells = [(job, run) for job, group in zip(ids, groups, strict=True) for run in group["runs"]]
    return {
        "ids": list(ids),
        "providers": [group["provider"] for group in groups],
        "models": [group["model_id"] for group in groups],
        "locations": [group["location_id"] for group in groups],
        "jobs": [job for job, _ in cells],
        "runs": [run for _, run in cells],
    }
