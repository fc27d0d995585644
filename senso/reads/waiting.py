"""What batches wait for, from their rows alone: grouped, counted, and the most blocking cause first.

One statement for any number of batches. It reads only their open rows, by key.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import typed
from senso.db.keys import PUSH
from senso.db.lease import IS_ALIVE
from senso.policy import Policy
from senso.queries.job_places import POOL
from senso.queries.stopped import ANY_STOP, holds_batch, holds_call, holds_job, holds_run
from senso.queries.stops import TOLD
from senso.records import UNTOLD
from senso.states import HAS_PLACE, WAITS_FOR, JobRequest


class Cause(StrEnum):
    """What a batch waits for.

    Causes that hold up a whole batch come before those that hold up a part, and stuck ones before those in progress.
    """

    WORKER = "worker"  # no worker is alive
    CREDITS = "credits"  # the batch is blocked
    STOPPED = "stopped"  # a pause, or a ceiling that was reached
    TURN = "turn"  # the permitted number of batches is running
    TURNS = "turns"  # the same, for many batches together
    OPENING = "opening"  # it is being opened: its credits are held and its matrix is frozen
    SILENT_WORKER = "silent worker"  # claimed by a process without a recent heartbeat: taken back once that is dead
    LEFT_ALONE = "left alone"  # a vendor of jobs has answered too often with 429: nobody sends it anything
    LIMIT = "limit"  # put off before the call: its model is at a limit of ours, or its breaker is open
    RATE_LIMIT = "rate limit"  # put back after a 429
    NEXT_TRY = "next try"  # put back after another failure
    JOBS = "jobs"  # the vendor runs as many jobs as it may
    DOUBT = "doubt"  # a job that may have been submitted: looked up at the vendor
    PLACE = "place"  # a message is under way: a worker takes it when it has a free slot
    JOB = "job"  # a vendor works on it
    CALL = "call"  # a call is in flight
    WINDOW = "window"  # not handed out yet: names are missing, or other runs of the same batch come first
    END = "end"  # everything is read: it is being scored and charged
    PUSH = "push"  # it has ended, and the application has not accepted its metrics yet


class Stage(StrEnum):
    ASK = "ask"
    EXTRACT = "extract"
    NAMES = "names"
    SUBMIT = "submit"


ORDER = tuple(Cause)
# Two heartbeats missed: not dead yet, but probably not working any more.
MISSED = "7 seconds"


@dataclass(frozen=True, slots=True)
class Wait:
    """`stage`: None if the batch itself waits.

    `count`: of what is waited for: jobs for a job, batches ahead for a turn, else runs (one call each). `runs`: those
    that wait for it. `next`: the time of the next poll or try. `until`: when the wait ends in any case. `tries`: the
    failures of the one that has failed most. `seen_at`: the database's clock, to which the other times belong.
    """

    batch_id: UUID | None = field(metadata=UNTOLD)
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
    seen_at: datetime = field(metadata=UNTOLD)


SILENT_OWNER = f"""(lease_owner IS NOT NULL AND NOT EXISTS (
    SELECT FROM workers w WHERE w.id = lease_owner AND w.heartbeat_at > now() - interval '{MISSED}'))"""
# The time of a claim is not stored; it follows from the lease, which always has the same length.
CLAIMED_AT = "lease_until - make_interval(secs => :lease)"
LAST_BEAT = "(SELECT heartbeat_at FROM workers w WHERE w.id = lease_owner AND ended_at IS NULL)"
IS_RATE_LIMIT = "split_part(error, ':', 1) LIKE '% 429'"


def stop_of(holding: str) -> str:
    """The words of a stop in force; null where none is `holding` it."""
    return f"CASE WHEN {ANY_STOP} THEN (SELECT stop.said FROM {TOLD} WHERE {holding} ORDER BY stop.since LIMIT 1) END"


BATCHES = f"""
    SELECT id AS batch_id, 'credits' AS what, NULL AS stage, NULL AS provider, NULL AS model, error AS reason,
        1 AS count, 0 AS runs, ended_at AS since, CAST(NULL AS timestamptz) AS until,
        CAST(NULL AS timestamptz) AS next, 0 AS tries
    FROM wanted WHERE state = 'blocked'
    UNION ALL
    SELECT id, 'worker', NULL, NULL, NULL, NULL, 1, coalesce(remaining, planned, 0),
        (SELECT max(greatest(ended_at, heartbeat_at)) FROM workers), NULL, NULL, 0
    FROM wanted WHERE state IN ('queued', 'running') AND NOT (SELECT alive FROM house)
    UNION ALL
    SELECT id, CASE WHEN :each THEN 'turn' ELSE 'turns' END, NULL, NULL, NULL, NULL,
        CASE WHEN :each THEN
            (SELECT count(*)::int FROM batches o WHERE o.state = 'queued' AND o.queued_at < w.queued_at) ELSE 1 END,
        (SELECT running FROM house), queued_at, NULL, NULL, 0
    FROM wanted w WHERE state = 'queued'
    UNION ALL
    SELECT id, 'stopped', NULL, NULL, NULL, said, 1, coalesce(planned, 0), NULL, NULL, NULL, 0
    FROM (SELECT w.*, {stop_of(holds_batch("w"))} AS said FROM wanted w
        WHERE state = 'queued' OR (state = 'running' AND remaining IS NULL)) AS unopened
    WHERE said IS NOT NULL
    UNION ALL
    SELECT id, CASE WHEN remaining IS NULL THEN 'opening' ELSE 'end' END, NULL, NULL, NULL, NULL,
        1, coalesce(planned, 0), CASE WHEN remaining IS NULL THEN started_at END, NULL, NULL, 0
    FROM wanted WHERE state = 'running' AND coalesce(remaining, 0) = 0
    UNION ALL
    SELECT w.id, 'push', NULL, 'application', NULL, p.error, 1, 0, p.created_at, NULL, p.next_at,
        p.tries - CASE WHEN p.lease_until > now() THEN 1 ELSE 0 END  -- one under way has not failed
    FROM wanted w JOIN pushes p ON p.key = {PUSH.sql("w.id", "w.episode")}
    WHERE p.status = 'pending' AND w.state NOT IN ('queued', 'running')
"""
# What is in a vendor job is left out: JOBS counts it with the job.
RUNS = f"""
    SELECT r.batch_id, 'ask' AS stage, m.provider, m.slug AS model, r.state = 'asking' AS taken, r.sent_at, r.next_at,
        r.lease_owner, r.lease_until, r.failures, r.error, r.id AS run_id, {stop_of(holds_run("r"))} AS said
    FROM wanted b JOIN question_runs r ON r.batch_id = b.id AND r.state IN ('planned', 'asking')
        JOIN models m ON m.id = r.model_id
    WHERE b.state = 'running' AND b.remaining > 0 AND r.snapshot_id IS NULL
    UNION ALL
    SELECT e.batch_id, 'extract', (SELECT provider FROM reader), NULL, e.state = 'extracting', e.sent_at, e.next_at,
        e.lease_owner, e.lease_until, e.failures, e.error, e.run_id,
        {stop_of(holds_call("(SELECT provider FROM reader)", "(SELECT name FROM reader)", "e.org_id"))}
    FROM wanted b JOIN evaluations e ON e.batch_id = b.id AND e.state IN ('pending', 'extracting')
        JOIN question_runs r ON r.id = e.run_id AND r.state = 'answered'
    WHERE b.state = 'running' AND b.remaining > 0 AND e.job_id IS NULL
"""
# For many batches together, the first failed call of each run is not looked up: that would be one look-up per run.
WORK = f"""
    SELECT batch_id, what, stage, provider, model,
        CASE WHEN what IN ('limit', 'rate limit', 'next try') THEN error WHEN what = 'stopped' THEN said END AS reason,
        1 AS count, 1 AS runs,
        CASE what WHEN 'call' THEN {CLAIMED_AT} WHEN 'silent worker' THEN {LAST_BEAT} WHEN 'place' THEN sent_at
            ELSE failed.first_at END AS since,
        CASE what WHEN 'silent worker' THEN lease_until WHEN 'rate limit' THEN next_at END AS until,
        CASE what WHEN 'silent worker' THEN {LAST_BEAT} + make_interval(secs => :silent) WHEN 'rate limit' THEN next_at
            WHEN 'next try' THEN next_at WHEN 'limit' THEN next_at END AS next,
        failures AS tries
    FROM (
        SELECT *, CASE
            WHEN taken AND {SILENT_OWNER} THEN 'silent worker'
            WHEN taken THEN 'call'
            WHEN said IS NOT NULL THEN 'stopped'
            WHEN next_at > now() AND {IS_RATE_LIMIT} THEN 'rate limit'
            WHEN next_at > now() AND starts_with(error, '{WAITS_FOR}') THEN 'limit'
            WHEN next_at > now() AND error IS NOT NULL THEN 'next try'
            WHEN next_at > now() THEN 'window'
            WHEN sent_at IS NOT NULL OR next_at IS NOT NULL THEN 'place'
            ELSE 'window' END AS what
        FROM ({RUNS}) AS open_work
    ) AS told
    LEFT JOIN LATERAL (
        SELECT min(c.started_at) AS first_at FROM llm_calls c JOIN wanted b ON b.id = c.batch_id
        WHERE :each AND told.what IN ('rate limit', 'next try') AND c.run_id = told.run_id
            AND c.purpose = CASE told.stage WHEN 'ask' THEN 'ask' ELSE 'read' END
            AND c.started_at >= b.started_at AND c.outcome IN ('rate limited', 'unavailable')
    ) AS failed ON true
"""
# A job that reads is submitted once all answers are there: until then the batch waits for those.
WAITS_FOR_ANSWERS = """(j.kind = 'readings' AND j.state = 'submitting' AND EXISTS (
    SELECT FROM question_runs r WHERE r.batch_id = j.batch_id AND r.state IN ('planned', 'asking')))"""
# Who is left alone, and until when jobs are not submitted to whom. As `senso.job_budget` decides it.
RESTS = """
    SELECT DISTINCT ON (provider) provider, at + make_interval(secs => :rest) AS until, answers
    FROM (
        SELECT provider, at, count(*) OVER (PARTITION BY provider ORDER BY at
            RANGE BETWEEN make_interval(secs => :window) PRECEDING AND CURRENT ROW) AS answers
        FROM limited_requests WHERE at > now() - make_interval(secs => :rest + :window)
    ) AS counted
    WHERE answers >= :most_limited AND at > now() - make_interval(secs => :rest)
    ORDER BY provider, at DESC
"""
RESPITES = f"""
    SELECT provider, max(at + make_interval(secs => pause_seconds)) AS until FROM limited_requests
    WHERE request = '{JobRequest.SUBMIT}' AND at > now() - interval '1 hour' GROUP BY provider
"""
RUNNING_THERE = f"""
    SELECT {POOL} AS pool, count(*) AS jobs FROM vendor_jobs JOIN models m ON m.id = model_id
    WHERE ({HAS_PLACE}) AND kind = 'questions' GROUP BY 1
"""
REASON = """CASE what
        WHEN 'stopped' THEN said
        WHEN 'jobs' THEN coalesce(there, 0) || ' jobs of ' || provider || ' are running'
        WHEN 'left alone' THEN answers || ' answers of 429'
        WHEN 'rate limit' THEN coalesce(error, provider || ' 429: another job was refused')
        ELSE error END"""
JOBS = f"""
    SELECT batch_id, what, stage, provider, model, {REASON}, 1, runs,
        CASE what WHEN 'job' THEN submitted_at WHEN 'doubt' THEN maybe_sent_at WHEN 'call' THEN {CLAIMED_AT}
            WHEN 'silent worker' THEN {LAST_BEAT} ELSE created_at END,
        CASE what WHEN 'left alone' THEN rest_until
            WHEN 'job' THEN deadline WHEN 'doubt' THEN grace_until WHEN 'silent worker' THEN lease_until
            WHEN 'rate limit' THEN greatest(next_poll_at, pause_until) END,
        CASE WHEN what = 'left alone' THEN rest_until
            WHEN what IN ('job', 'doubt', 'rate limit', 'next try') THEN next_poll_at
            WHEN what = 'silent worker' THEN {LAST_BEAT} + make_interval(secs => :silent) END,
        failures
    FROM (
        SELECT s.*, m.slug AS model, rests.until AS rest_until, rests.answers, respites.until AS pause_until,
            running_there.jobs AS there, CASE
            WHEN s.state <> 'running' THEN 'submit'
            WHEN s.kind = 'readings' THEN 'extract'
            ELSE 'ask' END AS stage, CASE
            WHEN s.said IS NOT NULL AND s.state = 'submitting' AND s.lease_owner IS NULL AND s.maybe_sent_at IS NULL
                THEN 'stopped'
            WHEN s.lease_owner IS NULL AND rests.until IS NOT NULL THEN 'left alone'
            WHEN s.state = 'running' THEN 'job'
            WHEN {SILENT_OWNER} THEN 'silent worker'
            WHEN s.lease_owner IS NOT NULL THEN 'call'
            WHEN s.maybe_sent_at IS NOT NULL THEN 'doubt'
            WHEN {IS_RATE_LIMIT} AND s.next_poll_at > now() THEN 'rate limit'
            WHEN s.kind = 'questions' AND s.place_at IS NULL AND s.next_poll_at <= now() THEN 'jobs'
            WHEN {IS_RATE_LIMIT} OR (s.kind = 'questions' AND respites.until > now()) THEN 'rate limit'
            WHEN s.error IS NOT NULL THEN 'next try'
            ELSE 'place' END AS what,
            CASE s.kind WHEN 'questions' THEN (SELECT count(*)::int FROM question_runs r WHERE r.snapshot_id = s.id
                AND r.state IN ('planned', 'asking'))
                ELSE (SELECT count(*)::int FROM evaluations e WHERE e.job_id = s.id AND e.state = 'pending') END AS runs
        FROM (
            SELECT j.*, {stop_of(holds_job("j"))} AS said
            FROM wanted b JOIN vendor_jobs j ON j.batch_id = b.id AND j.state IN ('submitting', 'running')
            WHERE b.state = 'running' AND NOT {WAITS_FOR_ANSWERS}
        ) AS s JOIN models m ON m.id = s.model_id LEFT JOIN rests ON rests.provider = s.provider
            LEFT JOIN respites ON respites.provider = s.provider LEFT JOIN running_there ON running_there.pool = {POOL}
    ) AS told
"""
# A lease without an owner is the time of the next try; the outcome of the last call says why.
NAMES = f"""
    SELECT batch_id, what, 'names', provider, model,
        CASE WHEN what IN ('rate limit', 'next try') THEN outcome END, 1, 0,
        CASE what WHEN 'call' THEN {CLAIMED_AT} WHEN 'silent worker' THEN {LAST_BEAT} ELSE first_at END,
        CASE WHEN what IN ('silent worker', 'rate limit') THEN lease_until END,
        CASE what WHEN 'silent worker' THEN {LAST_BEAT} + make_interval(secs => :silent) WHEN 'call' THEN NULL
            ELSE lease_until END,
        failures
    FROM (
        SELECT b.id AS batch_id, n.*, last.outcome, last.provider, last.model, last.first_at, CASE
            WHEN {SILENT_OWNER} THEN 'silent worker'
            WHEN n.lease_owner IS NOT NULL THEN 'call'
            WHEN last.outcome = 'rate limited' THEN 'rate limit'
            ELSE 'next try' END AS what
        FROM wanted b JOIN name_variations n ON n.org_id = b.org_id AND n.lease_until IS NOT NULL
            LEFT JOIN LATERAL (
                SELECT min(started_at) AS first_at, (array_agg(outcome ORDER BY id DESC))[1] AS outcome,
                    (array_agg(c.provider ORDER BY id DESC))[1] AS provider,
                    (array_agg(c.model ORDER BY id DESC))[1] AS model
                FROM llm_calls c WHERE c.batch_id = b.id AND c.purpose = 'names' AND c.started_at >= b.started_at
            ) AS last ON true
        WHERE b.state = 'running' AND b.remaining > 0
    ) AS told
"""
# The provider that will read: from the model's row, else from the last call.
READER = """
    SELECT coalesce((SELECT provider FROM listed),
        (SELECT provider FROM llm_calls WHERE purpose = 'read' ORDER BY id DESC LIMIT 1)) AS provider,
        (SELECT name FROM listed) AS name
"""
WAITS = text(f"""
    WITH house AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM workers WHERE {IS_ALIVE}) AS alive,
            (SELECT count(*)::int FROM batches WHERE state = 'running') AS running
    ),
    listed AS MATERIALIZED (
        SELECT provider, name FROM models WHERE slug = :reader OR name = :reader
        ORDER BY slug = :reader DESC, slug LIMIT 1
    ),
    reader AS MATERIALIZED ({READER}),
    rests AS MATERIALIZED ({RESTS}),
    respites AS MATERIALIZED ({RESPITES}),
    running_there AS MATERIALIZED ({RUNNING_THERE}),
    wanted AS MATERIALIZED (SELECT * FROM batches WHERE id = ANY(CAST(:ids AS uuid[]))),
    waits AS ({BATCHES} UNION ALL {WORK} UNION ALL {JOBS} UNION ALL {NAMES})
    SELECT CASE WHEN :each THEN batch_id END AS batch_id, what, stage, provider,
        string_agg(DISTINCT model, ', ' ORDER BY model) AS model, mode() WITHIN GROUP (ORDER BY reason) AS reason,
        sum(count)::int AS count,
        CASE WHEN what IN ('turn', 'turns') THEN max(runs) ELSE sum(runs)::int END AS runs, min(since) AS since,
        CASE what WHEN 'rate limit' THEN max(until) ELSE min(until) END AS until, min(next) AS next,
        max(tries) AS tries, now() AS seen_at
    FROM waits
    GROUP BY CASE WHEN :each THEN batch_id END, what, stage, provider, split_part(reason, ':', 1)
""")


def waits(db: Connection, batches: Collection[UUID], policy: Policy, *, each: bool, reader: str) -> list[Wait]:
    """For each batch, or for all of them together (then without batch ids); the most blocking cause first.

    `reader`: the slug or name of the model that reads.
    """
    if not batches:
        return []
    values = {"ids": list(batches), "each": each, "reader": reader}
    values |= {"lease": policy.lease_seconds, "silent": policy.silent_seconds}
    values |= {"rest": policy.left_alone_seconds, "window": policy.limited_window_seconds}
    values |= {"most_limited": policy.limited_most}
    found = typed.each(Wait, db.execute(WAITS, values))
    return sorted(found, key=rank)


def rank(wait: Wait) -> tuple[int, int]:
    return ORDER.index(wait.what), -wait.count


def by_batch(found: Iterable[Wait]) -> dict[UUID | None, list[Wait]]:
    sorted_out: dict[UUID | None, list[Wait]] = {}
    for wait in found:
        sorted_out.setdefault(wait.batch_id, []).append(wait)
    return sorted_out
