"""I6: no question, reading or name search is paid for twice without need.

Each paid call has a row that was written before it, with the fence of its claim. The product's own count of failures
never excuses a second success: that is a second bill. Both calls may succeed only if a worker was declared dead between
them: it was frozen, and woke up after another worker had taken its work.
"""

from senso.queries.invariants.base import IN_SCOPE, Check, Promise
from senso.queries.invariants.batches import DATED_BATCHES, SLACK

# Prices as stored, one row per model, also for models with the same provider and name. They apply to calls made 5
# minutes or more after the last change of one of these: by then every process uses the new price.
PRICES = """p AS MATERIALIZED (
    SELECT provider, name AS model, (prices->>'token_in')::float8 AS token_in,
        coalesce(prices->>'token_cached', prices->>'token_in')::float8 AS cached,
        coalesce(prices->>'token_written', prices->>'token_in')::float8 AS written,
        (prices->>'token_out')::float8 AS token_out, (prices->>'search')::float8 AS search,
        (prices->>'record')::float8 AS record, (prices->>'long_from')::float8 AS long_from,
        coalesce((prices->>'long_factor')::float8, 1) AS long_factor,
        (prices->>'batch_factor')::float8 AS batch_factor, coalesce(
            max(greatest(changed_at, priced_at)) OVER (PARTITION BY provider, name) + interval '5 minutes',
            '-infinity') AS since
    FROM models WHERE prices IS NOT NULL
)"""
# A call says what its model was called then; the name may have been changed since.
IS_NAMED = """((m.provider, m.name) = (c.provider, c.model)
    OR greatest(m.changed_at, m.priced_at) + interval '5 minutes' > c.started_at)"""
SHOW = "senso show RUN lists the calls; compare with the vendor's bill, and report it"
# The call's claim still holds, so the call may still report back.
UNDER_WAY = """((c.purpose = 'ask' AND r.state = 'asking' AND c.fence = r.fence)
    OR (c.purpose = 'read' AND e.state = 'extracting' AND c.fence = e.fence)
    OR (c.purpose = 'read' AND e.state = 'pending' AND c.fence = e.fence AND c.job_id = e.job_id))"""

# The job that a call names is none of its run's or reading's: of another batch, model or place, younger than the call,
# or not the one that brought the result or is to bring it.
OF_ANOTHER_JOB = """(c.started_at < j.created_at OR j.batch_id <> c.batch_id OR CASE j.kind
    WHEN 'questions' THEN c.purpose <> 'ask' OR (j.model_id, j.location_id) <> (r.model_id, r.location_id)
        OR (r.state IN ('asking', 'answered') AND c.fence = r.fence AND c.job_id IS DISTINCT FROM r.snapshot_id)
    ELSE c.purpose <> 'read' OR j.provider <> c.provider
        OR (coalesce(c.outcome, 'read') = 'read' AND c.fence = e.fence AND c.job_id IS DISTINCT FROM e.job_id) END)"""

# The highest fence of the calls made for a run, and how many had no result that counted (`vain`). A result that a later
# claim has overtaken does not count, although it may arrive; another check covers it ("bought once").
CLAIMS = f"""
    SELECT c.run_id, c.org_id, c.purpose, max(c.fence) AS claims, min(c.fence) AS first, count(*) AS calls,
        max(c.started_at) AS last,
        max(c.fence) FILTER (WHERE c.outcome IN ('refused', 'malformed')) AS refused,
        count(*) - (max(c.fence) FILTER (WHERE c.outcome IN ('answered', 'read'))
            IS NOT DISTINCT FROM max(c.fence))::int AS vain
    FROM llm_calls c JOIN batches b ON b.id = c.batch_id WHERE {IN_SCOPE} AND c.run_id IS NOT NULL
    GROUP BY c.run_id, c.org_id, c.purpose
"""


def breach(row: str, done: str, claimed: str, open_: str, *, ended: str, taken_back: str) -> str:
    """Condition for a wrong fence. A claim gives its fence to its call; an end and a reopening each raise it by one.

    There may be one failure more than calls without a result: a claim was taken back from a slow owner, which could
    still save because no other worker had claimed the row. Then a repair was recorded between its call and the end.
    """
    over = f"({row}.fence - coalesce(c.claims, 0))"
    vain = f"""(coalesce(c.vain, 0) - CASE WHEN {row}.state = '{claimed}'
            OR ({row}.state = 'failed' AND c.refused = c.claims) THEN 1 ELSE 0 END)"""
    was_slow = f"""({row}.failures = {vain} + 1 AND {row}.state IN ('{done}', 'failed') AND EXISTS (
            SELECT FROM repairs t WHERE t.kind IN ('reaped {taken_back}', 'expired {taken_back}')
                AND t.at BETWEEN c.last AND coalesce({ended}, b.ended_at, now())))"""
    return f"""
        (({row}.fence - coalesce(c.calls, 0)) % 2 <> CASE WHEN {row}.state IN ('failed', 'cancelled') THEN 1 ELSE 0 END)
        OR ({row}.state IN ('{done}', '{claimed}') AND {over} <> 0)
        OR ({row}.state = '{open_}' AND ({over} < 0 OR {over} % 2 <> 0 OR (b.episode = 1 AND {over} <> 0)))
        OR ({row}.state IN ('failed', 'cancelled') AND ({over} < 0 OR {over} % 2 <> 1
            OR (b.episode = 1 AND {over} <> 1)))
        OR (b.episode = 1 AND {row}.fence - coalesce(c.calls, 0)
            <> CASE WHEN {row}.state IN ('failed', 'cancelled') THEN 1 ELSE 0 END)
        OR {row}.failures < 0 OR c.first % 2 <> 1
        OR ({row}.failures > {vain} AND NOT {was_slow})"""


RUN_BREACH = breach("r", "answered", "asking", "planned", ended="r.answered_at", taken_back="runs")
READING_BREACH = breach("e", "done", "extracting", "pending", ended="e.ended_at", taken_back="evaluations")
# A call's cost without its tokens: it must be a whole number of web searches. `p` is the price of its model.
# In a file of many each token costs less.
IN_FILE = "(c.purpose = 'read' AND c.job_id IS NOT NULL)"
SEARCHES = f"""(c.cost_microusd - CASE WHEN c.tokens_in > p.long_from THEN p.long_factor ELSE 1 END
    * CASE WHEN {IN_FILE} THEN p.batch_factor ELSE 1 END * (
    (c.tokens_in - coalesce(c.tokens_cached, 0) - coalesce(c.tokens_written, 0)) * coalesce(p.token_in, 0)
    + coalesce(c.tokens_cached, 0) * coalesce(p.cached, 0) + coalesce(c.tokens_written, 0) * coalesce(p.written, 0)
    + c.tokens_out * coalesce(p.token_out, 0)))"""
# Calls as they were made, also those of no batch; the shares of one that read an answer for several orgs are summed.
WHOLE_CALLS = f"""c AS MATERIALIZED (
    SELECT c.id, c.purpose, c.run_id, c.provider, c.model, c.outcome, c.started_at, c.tokens_in, c.tokens_cached,
        c.tokens_written, c.tokens_out, c.cost_microusd, c.job_id
    FROM llm_calls c JOIN batches b ON b.id = c.batch_id WHERE {IN_SCOPE} AND c.shared_id IS NULL
    UNION ALL
    SELECT c.id, c.purpose, c.run_id, c.provider, c.model, c.outcome, c.started_at, c.tokens_in, c.tokens_cached,
        c.tokens_written, c.tokens_out, c.cost_microusd, c.job_id
    FROM llm_calls c WHERE c.batch_id IS NULL AND c.shared_id IS NULL
    UNION ALL
    SELECT c.shared_id, 'read', NULL, c.provider, c.model, max(c.outcome), min(c.started_at), sum(c.tokens_in),
        sum(c.tokens_cached), sum(c.tokens_written), sum(c.tokens_out),
        CASE WHEN bool_and(c.cost_microusd IS NOT NULL) THEN sum(c.cost_microusd) END, CAST(NULL AS uuid)
    FROM llm_calls c WHERE c.shared_id IN (
        SELECT c.shared_id FROM llm_calls c JOIN batches b ON b.id = c.batch_id WHERE {IN_SCOPE})
    GROUP BY c.shared_id, c.provider, c.model
)"""
# What another model than was asked for cost is not known.
NO_OTHER_MODEL = """NOT EXISTS (
    SELECT FROM question_runs o WHERE o.id = c.run_id AND c.purpose = 'ask' AND o.other_model IS NOT NULL)"""
IS_PRICED = "(p.provider, p.model) = (c.provider, c.model) AND p.since <= c.started_at"
# The cost may be unknown if a token price is unknown, or if the search price is unknown and the call may have searched.
IS_EXPLAINED = f"""coalesce(CASE
    WHEN c.cost_microusd IS NULL
        THEN num_nulls(p.token_in, p.token_out) > 0 OR (p.search IS NULL AND c.purpose = 'ask')
            OR ({IN_FILE} AND p.batch_factor IS NULL)
    WHEN p.search > 0 THEN abs({SEARCHES} - round({SEARCHES} / p.search) * p.search) <= 0.5
    ELSE abs({SEARCHES}) <= 0.5 END, false)"""
IS_WHOLE_RECORDS = """CASE WHEN p.record > 0
    THEN abs(c.cost_microusd - round(c.cost_microusd / p.record) * p.record) <= 0.5 ELSE c.cost_microusd = 0 END"""
# Other calls are of no batch: they measure, sort domains, or read stored answers again.
OF_BATCHES = "(c.purpose NOT IN ('eval', 'domains', 'reread'))"
# Checked at the vendors themselves, by `workflows.vendor_jobs.auditing`.
VENDOR_LISTS = Promise(
    "I6",
    "each job at a vendor has its row",
    "a job was submitted twice, its row is gone, or another program uses this account: it was paid for, and no row of "
    "ours waits for it",
    "look at the job in the vendor's own pages; give this product a key of its own; report what was sent twice",
)
CHECKS = (
    Check(
        "I6",
        "what was bought once is not bought again",
        "the provider was paid twice for one answer, or for one reading of it",
        SHOW,
        f"""
        SELECT f.run, f.purpose, f.bought FROM (
            SELECT c.run_id AS run, c.purpose, count(*) AS bought, min(c.started_at) AS first, max(c.started_at) AS last
            FROM llm_calls c JOIN batches b ON b.id = c.batch_id
            WHERE {IN_SCOPE} AND c.run_id IS NOT NULL AND c.outcome IN ('answered', 'read')
            GROUP BY c.run_id, c.purpose, CASE WHEN c.purpose = 'read' THEN c.org_id END HAVING count(*) > 1
        ) f
        WHERE f.bought - 1 > (SELECT count(*) FROM repairs t WHERE t.kind = 'reaped workers'
            AND t.at BETWEEN f.first AND f.last)
        """,
    ),
    Check(
        "I6",
        "each answer and each reading has the call that it was bought by",
        "an answer came from somewhere that no call explains, or its cost is not known to anybody",
        SHOW,
        f"""
        SELECT r.id AS run, 'ask' AS purpose, r.fence FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE {IN_SCOPE} AND r.state = 'answered' AND NOT EXISTS (
            SELECT FROM llm_calls c JOIN models m ON {IS_NAMED}
            WHERE c.run_id = r.id AND c.purpose = 'ask' AND c.outcome = 'answered' AND c.fence = r.fence
                AND c.batch_id = r.batch_id AND m.id = r.model_id AND c.started_at <= r.answered_at + {SLACK}
                AND (c.cost_microusd, c.tokens_in, c.tokens_out)
                    IS NOT DISTINCT FROM (r.cost_microusd, r.tokens_in, r.tokens_out))
        UNION ALL
        SELECT e.run_id, 'read', e.fence FROM evaluations e JOIN batches b ON b.id = e.batch_id
        WHERE {IN_SCOPE} AND e.state = 'done' AND NOT EXISTS (
            SELECT FROM llm_calls c WHERE c.run_id = e.run_id AND c.purpose = 'read' AND c.outcome = 'read'
                AND c.fence = e.fence AND c.org_id = e.org_id AND c.batch_id = e.batch_id
                AND c.started_at <= e.ended_at + {SLACK})
        """,
    ),
    Check(
        "I6",
        "each call was announced by a claim of its own",
        "a call was made that no claim allowed: it may have been paid beside another",
        SHOW,
        f"""
        SELECT c.id AS call, c.purpose, c.run_id AS run, c.fence, r.fence AS run_fence
        FROM llm_calls c LEFT JOIN {DATED_BATCHES} ON b.id = c.batch_id
            LEFT JOIN question_runs r ON r.id = c.run_id LEFT JOIN models m ON m.id = r.model_id
            LEFT JOIN evaluations e ON c.purpose = 'read' AND e.run_id = c.run_id AND e.org_id = c.org_id
                AND e.is_current
            LEFT JOIN vendor_jobs j ON j.id = c.job_id
        WHERE {OF_BATCHES} AND (b.id IS NULL OR {IN_SCOPE}) AND (b.id IS NULL
            OR c.purpose NOT IN ('ask', 'read', 'names') OR c.fence < 1 OR c.started_at > now() + {SLACK}
            OR c.started_at < b.first_moment
            OR c.started_at > coalesce(b.ended_at, now()) + interval '1 minute'
            OR (c.purpose = 'names') <> (c.run_id IS NULL)
            OR (c.purpose = 'read' AND e.batch_id IS DISTINCT FROM c.batch_id)
            OR (c.purpose <> 'read' AND c.org_id IS DISTINCT FROM b.org_id)
            OR (c.purpose = 'ask' AND r.batch_id <> c.batch_id)
            OR (c.purpose = 'ask' AND NOT {IS_NAMED})
            OR (c.outcome IN ('answered', 'read', 'found')
                AND c.outcome <> CASE c.purpose WHEN 'ask' THEN 'answered' WHEN 'read' THEN 'read' ELSE 'found' END)
            OR (c.job_id IS NOT NULL AND {OF_ANOTHER_JOB}))
        UNION ALL
        SELECT min(c.id), c.purpose, c.run_id, c.fence, NULL
        FROM llm_calls c JOIN batches b ON b.id = c.batch_id
        WHERE {IN_SCOPE} AND c.run_id IS NOT NULL AND b.episode > 1
        GROUP BY c.run_id, c.purpose, c.org_id, c.fence HAVING count(*) > 1
        UNION ALL
        SELECT c.id, c.purpose, c.run_id, c.fence, NULL FROM llm_calls c
        WHERE NOT {OF_BATCHES} AND (c.batch_id IS NOT NULL OR (c.purpose = 'reread' AND NOT EXISTS (
            SELECT FROM rereadings x WHERE (x.run_id, x.org_id) = (c.run_id, c.org_id) AND x.fence >= c.fence)))
        """,
    ),
    Check(
        "I6",
        "a fence rises with a claim or an end, and with nothing else",
        "a claim was made that left no call behind, or a fence fell: a late answer could overwrite a newer one",
        SHOW,
        f"""
        SELECT r.id AS run, 'ask' AS purpose, r.state, r.fence, r.failures, c.claims, c.calls
        FROM question_runs r JOIN batches b ON b.id = r.batch_id LEFT JOIN ({CLAIMS}) c
            ON c.run_id = r.id AND c.purpose = 'ask'
        WHERE {IN_SCOPE} AND ({RUN_BREACH})
        UNION ALL
        SELECT e.run_id, 'read', e.state, e.fence, e.failures, c.claims, c.calls
        FROM evaluations e JOIN batches b ON b.id = e.batch_id LEFT JOIN ({CLAIMS}) c
            ON c.run_id = e.run_id AND c.org_id = e.org_id AND c.purpose = 'read'
        WHERE {IN_SCOPE} AND ({READING_BREACH})
        """,
    ),
    Check(
        "I6",
        "a call that never reported back belongs to a process that died, or to a job that was cancelled",
        "it may have been paid, and nobody knows for what",
        SHOW,
        f"""
        SELECT c.id AS call, c.purpose, c.run_id AS run, c.started_at FROM llm_calls c
            JOIN batches b ON b.id = c.batch_id LEFT JOIN question_runs r ON r.id = c.run_id
            LEFT JOIN evaluations e ON e.run_id = c.run_id AND e.org_id = c.org_id AND e.is_current
        WHERE {IN_SCOPE} AND c.outcome IS NULL AND c.started_at < now() - interval '5 minutes'
            AND coalesce(b.ended_at, '-infinity') < now() - interval '5 minutes'
            AND NOT coalesce({UNDER_WAY}, false) AND NOT EXISTS (
                SELECT FROM workers w WHERE w.ended_at BETWEEN c.started_at AND c.started_at + interval '5 minutes')
            AND NOT EXISTS (SELECT FROM vendor_jobs j WHERE j.id = c.job_id AND j.state = 'cancelled')
        """,
    ),
    Check(
        "I6",
        "what a call cost is the price of its tokens",
        "the sums of what was spent are wrong",
        "senso models shows prices; report it",
        f"""
        WITH {PRICES}, {WHOLE_CALLS}
        SELECT c.id AS call, c.provider, c.model, c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd
        FROM c
        WHERE c.tokens_in > 0 AND c.outcome IS NOT NULL
            AND c.provider <> ALL(CAST(:billing_providers AS text[])) AND {NO_OTHER_MODEL}
            AND EXISTS (SELECT FROM p WHERE {IS_PRICED})
            AND NOT EXISTS (SELECT FROM p WHERE {IS_PRICED} AND {IS_EXPLAINED})
        UNION ALL
        SELECT c.id, c.provider, c.model, c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd
        FROM llm_calls c JOIN batches b ON b.id = c.batch_id
        WHERE {IN_SCOPE} AND c.outcome IS NULL
            AND num_nonnulls(c.tokens_in, c.tokens_cached, c.tokens_written, c.tokens_out, c.cost_microusd,
                c.latency_ms) > 0
        UNION ALL
        SELECT c.id, c.provider, c.model, c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd
        FROM llm_calls c JOIN batches b ON b.id = c.batch_id
        WHERE {IN_SCOPE} AND c.outcome IS NOT NULL
            AND (c.latency_ms < 0 OR c.cost_microusd < 0 OR c.tokens_in < c.tokens_cached
                OR c.tokens_in < 0 OR c.tokens_out < 0 OR c.tokens_written < 0 OR c.tokens_out < c.tokens_thinking
                OR c.tokens_thinking < 0 OR (c.provider <> ALL(CAST(:job_providers AS text[])) AND c.job_id IS NULL
                    AND num_nulls(c.tokens_in, c.tokens_out, c.tokens_cached, c.latency_ms) > 0)
                OR num_nulls(c.tokens_written, c.tokens_thinking) = 1
                OR (c.provider = ANY(CAST(:job_providers AS text[]))
                    AND num_nonnulls(c.tokens_in, c.tokens_cached, c.tokens_written, c.tokens_out) > 0)
                OR (c.provider = ANY(CAST(:job_providers AS text[]))
                    AND (c.outcome = 'answered' OR c.cost_microusd <> 0)
                    AND EXISTS (SELECT FROM p WHERE {IS_PRICED} AND p.record IS NOT NULL)
                    AND NOT EXISTS (SELECT FROM p WHERE {IS_PRICED} AND {IS_WHOLE_RECORDS})))
        UNION ALL
        SELECT c.id, c.provider, c.model, c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd
        FROM llm_calls c JOIN batches b ON b.id = c.batch_id LEFT JOIN llm_calls s ON s.id = c.shared_id
        WHERE {IN_SCOPE} AND c.shared_id IS NOT NULL
            AND (s.shared_id IS DISTINCT FROM s.id OR (s.run_id, s.purpose, s.provider, s.model, s.started_at)
                IS DISTINCT FROM (c.run_id, c.purpose, c.provider, c.model, c.started_at))
        UNION ALL
        SELECT NULL, 'run', r.state, r.tokens_in, NULL, r.tokens_out, r.cost_microusd
        FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE {IN_SCOPE} AND r.state <> 'answered' AND (r.tokens_in IS NOT NULL OR r.tokens_out IS NOT NULL
            OR (r.cost_microusd <> 0 AND NOT EXISTS (SELECT FROM llm_calls c WHERE c.run_id = r.id
                AND c.cost_microusd = r.cost_microusd))
            OR (r.state = 'failed' AND r.cost_microusd IS NULL AND EXISTS (SELECT FROM llm_calls c
                WHERE c.run_id = r.id AND c.outcome IN ('refused', 'malformed') AND c.fence = r.fence - 1
                    AND c.purpose = 'ask' AND c.cost_microusd IS NOT NULL)))
        """,
    ),
    Check(
        "I6",
        "names are asked for once, and as often as tries failed",
        "the names of one org were paid for again while those that were there still held",
        SHOW,
        f"""
        SELECT f.org, f.found FROM (
            SELECT c.org_id AS org, count(*) AS found, min(c.started_at) AS first, max(c.started_at) AS last
            FROM llm_calls c JOIN batches b ON b.id = c.batch_id
            WHERE {IN_SCOPE} AND c.purpose = 'names' AND c.outcome = 'found'
            GROUP BY c.org_id, c.prompt_version, c.started_at::date HAVING count(*) > 1
        ) f
        WHERE f.found - 1 > (SELECT count(*) FROM repairs t WHERE t.kind IN ('reaped workers', 'reaped names')
            AND t.at BETWEEN f.first AND f.last)
        UNION ALL
        SELECT c.org_id, count(*) FROM llm_calls c JOIN batches b ON b.id = c.batch_id
        WHERE {IN_SCOPE} AND c.purpose = 'names' AND c.outcome IS DISTINCT FROM 'rate limited'
        GROUP BY c.org_id, c.batch_id, b.episode HAVING count(*) > :names_tries * b.episode
        UNION ALL
        SELECT coalesce(n.org_id, c.org_id), n.fence FROM name_variations n FULL JOIN (
            SELECT org_id, max(fence) AS fence, max(started_at) AS last, bool_or(outcome = 'found') AS is_found
            FROM llm_calls WHERE purpose = 'names' GROUP BY org_id) c ON c.org_id = n.org_id
        WHERE n.fence IS DISTINCT FROM coalesce(c.fence, 0) OR n.failures < 0 OR n.failures > n.fence
            OR (n.names IS NOT NULL AND (n.expires_at IS NULL
                OR n.expires_at > greatest(c.last, now()) + CAST(:kept AS interval) + interval '1 day'
                OR (NOT n.is_fallback AND n.lease_until IS NULL AND n.expires_at - CAST(:kept AS interval)
                    NOT BETWEEN c.last AND c.last + interval '1 hour')
                OR (NOT n.is_fallback AND NOT c.is_found) OR (n.lease_until IS NULL AND n.failures > 0)))
            OR n.lease_until > now() + interval '1 hour'
        """,
    ),
    Check(
        "I6",
        "a job at a vendor was submitted once",
        "the vendor may have been paid twice for the same questions",
        "compare with the vendor's list of jobs; report it",
        f"""
        SELECT s.request_hash, count(*) AS jobs FROM vendor_jobs s JOIN batches b ON b.id = s.batch_id
            JOIN vendor_jobs t ON t.request_hash = s.request_hash AND t.provider = s.provider AND t.id <> s.id
                -- What came back empty-handed is asked again once its job has ended.
                AND t.submitted_at BETWEEN s.submitted_at AND coalesce(s.ended_at, now())
        WHERE {IN_SCOPE} AND s.external_id IS NOT NULL AND t.external_id IS NOT NULL
            AND s.state IN ('running', 'collected') AND t.state IN ('running', 'collected')
        GROUP BY s.request_hash
        UNION ALL
        SELECT s.id::text, s.fence FROM vendor_jobs s JOIN batches b ON b.id = s.batch_id LEFT JOIN (
            SELECT snapshot_id, max(calls) AS most FROM (
                SELECT r.snapshot_id, count(c.id) AS calls FROM batches b JOIN question_runs r ON r.batch_id = b.id
                    JOIN vendor_jobs j ON j.id = r.snapshot_id
                    LEFT JOIN llm_calls c ON c.run_id = r.id AND c.purpose = 'ask' AND c.started_at >= j.created_at
                WHERE {IN_SCOPE} GROUP BY r.snapshot_id, r.id) run GROUP BY snapshot_id
        ) c ON c.snapshot_id = s.id
        WHERE {IN_SCOPE} AND (s.failures < 0
            OR s.fence - CASE s.state WHEN 'cancelled' THEN 1 ELSE 0 END <> c.most)
        """,
    ),
)
