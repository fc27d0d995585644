"""Adds what has ended to the totals of the metrics: each call, batch, run, evaluation and repair once.

One transaction adds and marks what it added, and holds the one row of `counting` meanwhile: a process that is killed
has added nothing, and of two at once the second adds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from senso.db.typed import first
from senso.queries import call_days
from senso.states import ENDED_BATCHES, OPEN_EVALUATIONS, OPEN_JOBS, OPEN_RUNS, BatchState, RunState, among

# Upper bounds of the buckets in milliseconds; stored rows hold their place, so a change needs a migration.
CALL_BUCKETS: Final = (100, 250, 500, 1000, 2500, 5000, 10_000, 20_000, 40_000, 90_000, 300_000, 600_000, 1_200_000)
BATCH_SECONDS: Final = (5, 15, 30, 60, 120, 300, 600, 1200, 3600, 21_600, 108_000)
BATCH_BUCKETS: Final = tuple(1000 * seconds for seconds in BATCH_SECONDS)
# The outcome of a call that never reported back: it may have been billed.
UNREPORTED: Final = "unreported"
CALLS_AT_ONCE: Final = 20_000
BATCHES_AT_ONCE: Final = 200

TAKE = text("""
    SELECT last_call, last_repair, next_call, next_repair, pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        >= next_xid OR next_at < now() - interval '5 minutes' AS is_complete
    FROM counting FOR NO KEY UPDATE SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class Marks:
    """`is_complete`: all rows up to `next_call` and `next_repair` are visible.

    Another program on the same server may keep a transaction open for hours. None of ours lasts 5 minutes, so after
    that time the rows count as complete too.
    """

    last_call: int
    last_repair: int
    next_call: int
    next_repair: int
    is_complete: bool


FOUND_CALLS = text("""
    INSERT INTO uncounted_calls (id, job_id) SELECT id, job_id FROM llm_calls WHERE id > :after AND id <= :upto
    ON CONFLICT DO NOTHING
""")


def added(table: str, *names: str) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)


def bucket(milliseconds: str, bounds: Sequence[int]) -> str:
    """How many bounds are below; `width_bucket` counts those that are not above."""
    return f"width_bucket({milliseconds} - 1, CAST(ARRAY{list(bounds)} AS bigint[]))"


SUMS = ("calls", "tokens_in", "tokens_cached", "tokens_out", "cost_microusd", "unknown_cost")
IS_WHOLE = "(shared_id IS NULL OR shared_id = id)"
# Until its job has ended, the outcome of a call may change: a lost reply is looked up, and the call is open again.
COUNTED_CALLS = text(f"""
    WITH ended_jobs AS MATERIALIZED (
        SELECT job_id FROM (SELECT DISTINCT job_id FROM uncounted_calls WHERE job_id IS NOT NULL) AS of_calls
        WHERE NOT EXISTS (SELECT FROM vendor_jobs j WHERE j.id = of_calls.job_id AND {among("j.state", OPEN_JOBS)})
    ),
    ready AS MATERIALIZED (
        SELECT id FROM uncounted_calls WHERE job_id IS NULL OR job_id IN (SELECT job_id FROM ended_jobs)
    ),
    counted AS (
        DELETE FROM uncounted_calls u USING ready, llm_calls c
        WHERE u.id = ready.id AND c.id = ready.id
            AND (c.outcome IS NOT NULL OR c.started_at < now() - interval '2 days')
        RETURNING c.id, c.provider, c.model, c.purpose, c.outcome, c.tokens_in, c.tokens_cached, c.tokens_out,
            c.cost_microusd, c.latency_ms, c.shared_id, c.started_at, c.batch_id, c.run_id, c.org_id
    ),
    of_days AS ({call_days.store("counted")}),
    totals AS (
        INSERT INTO call_totals (provider, model, purpose, outcome, {", ".join(SUMS)})
        SELECT provider, model, purpose, coalesce(outcome, '{UNREPORTED}'), count(*) FILTER (WHERE {IS_WHOLE}),
            coalesce(sum(tokens_in), 0),
            coalesce(sum(tokens_cached), 0), coalesce(sum(tokens_out), 0), coalesce(sum(cost_microusd), 0),
            count(*) FILTER (WHERE {IS_WHOLE} AND cost_microusd IS NULL)
        FROM counted GROUP BY 1, 2, 3, 4
        ON CONFLICT (provider, model, purpose, outcome) DO UPDATE SET {added("call_totals", *SUMS)}
    ),
    durations AS (
        INSERT INTO call_durations (provider, model, purpose, bucket, calls, milliseconds)
        SELECT provider, model, purpose, {bucket("latency_ms", CALL_BUCKETS)}, count(*), sum(latency_ms)
        FROM counted WHERE latency_ms IS NOT NULL AND {IS_WHOLE} GROUP BY 1, 2, 3, 4
        ON CONFLICT (provider, model, purpose, bucket)
            DO UPDATE SET {added("call_durations", "calls", "milliseconds")}
    ),
    days AS (
        INSERT INTO day_costs (day, cost_microusd)
        SELECT (started_at AT TIME ZONE 'UTC')::date, coalesce(sum(cost_microusd), 0) FROM counted GROUP BY 1
        ON CONFLICT (day) DO UPDATE SET {added("day_costs", "cost_microusd")}
    )
    SELECT count(*) FROM counted
""")
# Of calls that were deleted before they could be counted.
FORGET = text("DELETE FROM uncounted_calls u WHERE NOT EXISTS (SELECT FROM llm_calls c WHERE c.id = u.id)")
# What was answered or read in an earlier episode has been counted with it.
COUNTED_ENDS = text(f"""
    WITH ended AS MATERIALIZED (
        SELECT id, kind, state, coalesce(started_at, queued_at) AS began_at, ended_at,
            (extract(epoch FROM ended_at - queued_at) * 1000)::bigint AS milliseconds
        FROM batches
        WHERE ended_at > (SELECT began_at FROM counting) AND ended_at IS DISTINCT FROM counted_ended_at
            AND {among("state", ENDED_BATCHES)}
        ORDER BY ended_at LIMIT {BATCHES_AT_ONCE} FOR NO KEY UPDATE SKIP LOCKED
    ),
    marked AS (
        UPDATE batches b SET counted_ended_at = ended.ended_at FROM ended
        WHERE b.id = ANY(ARRAY(SELECT id FROM ended)) AND b.id = ended.id
    ),
    counted AS (
        SELECT 'batches' AS what, kind, state, count(*) AS ended FROM ended GROUP BY 2, 3
        UNION ALL
        SELECT 'runs', ended.kind, r.state, count(*) FROM ended JOIN question_runs r ON r.batch_id = ended.id
        WHERE NOT {among("r.state", OPEN_RUNS)}
            AND (r.state <> '{RunState.ANSWERED}' OR r.answered_at >= ended.began_at)
        GROUP BY 2, 3
        UNION ALL
        SELECT 'evaluations', ended.kind, e.state, count(*) FROM ended JOIN evaluations e ON e.batch_id = ended.id
        WHERE NOT {among("e.state", OPEN_EVALUATIONS)} AND e.ended_at >= ended.began_at
        GROUP BY 2, 3
    ),
    totals AS (
        INSERT INTO ended_totals (what, kind, state, ended) SELECT what, kind, state, ended FROM counted
        ON CONFLICT (what, kind, state) DO UPDATE SET {added("ended_totals", "ended")}
    ),
    durations AS (
        INSERT INTO batch_durations (kind, bucket, batches, milliseconds)
        SELECT kind, {bucket("milliseconds", BATCH_BUCKETS)}, count(*), sum(milliseconds) FROM ended
        WHERE {among("state", (BatchState.COMPLETED, BatchState.PARTIAL, BatchState.FAILED))} GROUP BY 1, 2
        ON CONFLICT (kind, bucket) DO UPDATE SET {added("batch_durations", "batches", "milliseconds")}
    )
    SELECT count(*) FROM ended
""")
COUNTED_REPAIRS = text(f"""
    INSERT INTO repair_totals (kind, repaired)
    SELECT kind, sum(count) FROM repairs WHERE id > :after AND id <= :upto GROUP BY kind
    ON CONFLICT (kind) DO UPDATE SET {added("repair_totals", "repaired")}
""")
PASSED = text("""
    UPDATE counting SET last_call = :call, last_repair = :repair, uncounted = uncounted + :more,
        counted_at = CASE WHEN :all THEN now() ELSE counted_at END
""")
# The ids are read before the transactions: an id that is missing from the rows then belongs to an earlier transaction.
NEWEST = text("""
    SELECT (SELECT max(id) FROM llm_calls) AS call, (SELECT max(id) FROM repairs) AS repair
""")
NEXT = text("""
    UPDATE counting SET next_call = greatest(next_call, :call), next_repair = greatest(next_repair, :repair),
        next_xid = pg_snapshot_xmax(pg_current_snapshot())::text::bigint, next_at = now()
""")


def count(db: Connection) -> bool:
    """Adds a limited number of rows. Whether more wait; False also if another process is at it."""
    marks = first(Marks, db.execute(TAKE))
    if marks is None:
        return False
    upto = min(marks.next_call, marks.last_call + CALLS_AT_ONCE) if marks.is_complete else marks.last_call
    repair = marks.next_repair if marks.is_complete else marks.last_repair
    found = db.execute(FOUND_CALLS, {"after": marks.last_call, "upto": upto}).rowcount
    counted = db.execute(COUNTED_CALLS).scalar_one() + db.execute(FORGET).rowcount
    db.execute(COUNTED_REPAIRS, {"after": marks.last_repair, "upto": repair})
    more = db.execute(COUNTED_ENDS).scalar_one() == BATCHES_AT_ONCE or (marks.is_complete and upto < marks.next_call)
    db.execute(PASSED, {"call": upto, "repair": repair, "more": found - counted, "all": not more})
    if marks.is_complete and upto == marks.next_call:
        db.execute(NEXT, {name: value or 0 for name, value in db.execute(NEWEST).mappings().one().items()})
    return more
