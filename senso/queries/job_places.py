"""Places at vendors that run a limited number of jobs: a job is sent only while it has one.

A place is taken by what the vendor runs or may run: jobs that are running, in doubt, about to be sent, or given up and
not cancelled there yet. One that is stopped before it was sent gives its place back when others ask for one: a paused
partner, or one at its ceiling, must not hold up all others. The places of a model with a `max_in_flight` are its own;
all other models of a provider share `Policy.jobs_at_a_time`.

The next place goes to the batch that holds the fewest, and among these to the job that was planned first. A job that
waits for a place is a row that is due: it holds no lease, and its wait counts as no failure.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from senso.db import Link
from senso.db.lease import UNLEASED
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.queries.stopped import holds_job, may_begin
from senso.states import HAS_PLACE, JobKind, JobState

# Taken first, in a statement of its own: a statement sees what was committed before it began.
LOCK = Prepared("SELECT pg_advisory_xact_lock(hashtextextended('places at vendors of jobs', 0))")

POOL = "CASE WHEN m.max_in_flight IS NULL THEN m.provider ELSE m.id::text END"
# On vendor jobs `s`: planned, not sent, and without a place.
WITHOUT_PLACE = f"""s.state = '{JobState.SUBMITTING}' AND s.kind = '{JobKind.QUESTIONS}' AND s.place_at IS NULL
    AND s.maybe_sent_at IS NULL AND {UNLEASED}"""
# Has a place, was certainly not sent, and nobody has it in hand.
IDLE_PLACE = f"""s.state = '{JobState.SUBMITTING}' AND s.kind = '{JobKind.QUESTIONS}' AND s.place_at IS NOT NULL
    AND s.maybe_sent_at IS NULL AND s.lease_owner IS NULL"""
ADMIT = Prepared(f"""
    WITH given_back AS (
        UPDATE vendor_jobs s SET place_at = NULL WHERE id = ANY(ARRAY(
            SELECT id FROM vendor_jobs s WHERE {IDLE_PLACE} AND NOT {may_begin(holds_job("s"))}
            FOR NO KEY UPDATE SKIP LOCKED))
    ),
    open AS (
        SELECT s.model_id, s.batch_id FROM vendor_jobs s WHERE ({HAS_PLACE}) AND s.kind = '{JobKind.QUESTIONS}'
            AND (NOT ({IDLE_PLACE}) OR {may_begin(holds_job("s"))})
        UNION ALL
        SELECT s.model_id, s.batch_id FROM vendor_jobs s
        WHERE s.cancel_due_at IS NOT NULL AND s.ended_at > now() - make_interval(secs => :abandoned)
            AND s.kind = '{JobKind.QUESTIONS}'
    ),
    held AS MATERIALIZED (
        SELECT {POOL} AS pool, open.batch_id, count(*) AS jobs FROM open JOIN models m ON m.id = open.model_id
        GROUP BY 1, 2
    ),
    waiting AS MATERIALIZED (
        SELECT s.id, {POOL} AS pool, coalesce(m.max_in_flight, :most) AS most, s.batch_id, s.created_at
        FROM vendor_jobs s JOIN models m ON m.id = s.model_id
        WHERE {WITHOUT_PLACE} AND (s.next_poll_at <= now() OR s.id = ANY(CAST(:ids AS uuid[])))
            AND {may_begin(holds_job("s"))}
    ),
    turns AS (
        SELECT w.*, coalesce(h.jobs, 0)
                + row_number() OVER (PARTITION BY w.pool, w.batch_id ORDER BY w.created_at, w.id) AS turn
        FROM waiting w LEFT JOIN held h ON h.pool = w.pool AND h.batch_id = w.batch_id
    ),
    ranked AS (
        SELECT id, most - (SELECT coalesce(sum(jobs), 0) FROM held h WHERE h.pool = turns.pool) AS room,
            row_number() OVER (PARTITION BY pool ORDER BY turn, created_at, id) AS place
        FROM turns
    ),
    locked AS MATERIALIZED (
        SELECT s.id, ranked.place <= ranked.room AS has_place FROM ranked JOIN vendor_jobs s ON s.id = ranked.id
        WHERE {WITHOUT_PLACE} AND (ranked.place <= ranked.room OR s.id = ANY(CAST(:ids AS uuid[])))
        FOR NO KEY UPDATE OF s SKIP LOCKED
    ),
    placed AS (
        UPDATE vendor_jobs s SET place_at = CASE WHEN locked.has_place THEN now() END,
            next_poll_at = CASE WHEN locked.has_place AND s.id = ANY(CAST(:ids AS uuid[])) THEN s.next_poll_at
                ELSE now() END
        FROM locked WHERE s.id = ANY(ARRAY(SELECT id FROM locked)) AND s.id = locked.id
        RETURNING s.id, s.provider, s.place_at
    )
    SELECT id, provider FROM placed WHERE place_at IS NOT NULL AND id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT s.id, s.provider FROM vendor_jobs s
    WHERE s.id = ANY(CAST(:ids AS uuid[])) AND {looked_up("s.state")} = '{JobState.SUBMITTING}'
        AND (s.maybe_sent_at IS NOT NULL OR (s.place_at IS NOT NULL AND {may_begin(holds_job("s"))}))
""")
IS_ANY_WAITING = Prepared(
    f"SELECT EXISTS (SELECT FROM vendor_jobs s WHERE {WITHOUT_PLACE} AND s.next_poll_at <= now())"
)


def admit(db: Link, jobs: Sequence[UUID], policy: Policy) -> dict[UUID, str]:
    """Gives out what places there are, to `jobs` and to all that are due.

    Returns those of `jobs` that have one, each with its provider. Until the transaction ends nobody else gives any out.
    """
    LOCK.rows(db, {})
    values = {"ids": list(jobs), "most": policy.jobs_at_a_time, "abandoned": policy.abandoned_job_seconds}
    return {one["id"]: one["provider"] for one in ADMIT.rows(db, values)}


def admit_due(db: Link, policy: Policy) -> None:
    """The jobs that get a place are due at once."""
    (is_any,) = IS_ANY_WAITING.column(db, {})
    if is_any:
        admit(db, (), policy)


# Jobs that could be sent, and whose vendor takes no request now. Those that may have been sent are looked up: no less.
REST = Prepared(f"""
    UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs s WHERE s.state = '{JobState.SUBMITTING}' AND s.kind = '{JobKind.QUESTIONS}'
            AND s.provider = :provider AND (s.place_at IS NOT NULL OR s.maybe_sent_at IS NOT NULL) AND {UNLEASED}
            AND s.next_poll_at <= now()
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ))
""")


def rest(db: Link, provider: str, seconds: float) -> None:
    """None of the provider's jobs is submitted for that long."""
    REST.rows(db, {"provider": provider, "seconds": seconds})


PUT_OFF = Prepared(f"""
    UPDATE vendor_jobs SET next_poll_at = now() + make_interval(secs => :seconds) WHERE id = ANY(ARRAY(
        SELECT id FROM vendor_jobs s WHERE s.id = ANY(CAST(:ids AS uuid[])) AND {UNLEASED}
            AND {looked_up("s.state")} = '{JobState.SUBMITTING}'
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ))
""")


def put_off(db: Link, jobs: Sequence[UUID], seconds: float) -> None:
    PUT_OFF.rows(db, {"ids": list(jobs), "seconds": seconds})


def sendable(placed: Mapping[UUID, str], rooms: Mapping[str, int]) -> list[UUID]:
    """As many jobs of each provider as requests to it may go out now. `rooms`: of providers with a limit."""
    left, found = dict(rooms), []
    for job, provider in placed.items():
        if left.get(provider, 1) > 0:
            found.append(job)
            left[provider] = left.get(provider, 1) - (provider in left)
    return found
