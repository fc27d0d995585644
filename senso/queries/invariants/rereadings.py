"""I6 for stored answers that are read again: their calls belong to no batch, so nothing else adds them up."""

from senso.queries.invariants.base import Check

# Answers of which an order to read them again is open, or ended at :since or later (null: all orders). Where a batch is
# pruned, calls go before the last of its readings.
READ_AGAIN = """(SELECT DISTINCT x.run_id, x.org_id FROM rereadings x JOIN reevaluations o ON o.id = x.reevaluation_id
        JOIN batches b ON b.id = x.batch_id
    WHERE b.pruned_at IS NULL
        AND (CAST(:since AS timestamptz) IS NULL OR o.ended_at IS NULL OR o.ended_at >= :since))"""
CLAIMED = f"""(SELECT x.run_id, x.org_id, sum(x.calls) AS calls, sum(x.cost_microusd) AS cost
    FROM {READ_AGAIN} a JOIN rereadings x ON (x.run_id, x.org_id) = (a.run_id, a.org_id) GROUP BY x.run_id, x.org_id)"""
CALLED = f"""(SELECT c.run_id, c.org_id, count(*) AS calls, coalesce(sum(c.cost_microusd), 0) AS cost
    FROM {READ_AGAIN} a JOIN llm_calls c ON (c.run_id, c.org_id) = (a.run_id, a.org_id) AND c.purpose = 'reread'
    GROUP BY c.run_id, c.org_id)"""
CHECKS = (
    Check(
        "I6",
        "each claim to read a stored answer again has one call",
        "a stored answer was read again by a call that nobody claimed, or was paid for and nothing tells by what",
        "senso show RUN lists the calls; compare with the vendor's bill, and report it",
        f"""
        SELECT x.run_id AS run, x.org_id AS org, x.calls AS claims, c.calls, x.cost, c.cost AS cost_of_calls
        FROM {CLAIMED} x LEFT JOIN {CALLED} c ON (c.run_id, c.org_id) = (x.run_id, x.org_id)
        WHERE x.calls <> coalesce(c.calls, 0) OR x.cost > coalesce(c.cost, 0)
        UNION ALL
        SELECT x.run_id, x.org_id, x.calls, NULL, x.cost_microusd, NULL
        FROM {READ_AGAIN} a JOIN rereadings x ON (x.run_id, x.org_id) = (a.run_id, a.org_id)
            JOIN reevaluations o ON o.id = x.reevaluation_id
        WHERE x.state = 'done' AND NOT EXISTS (
            SELECT FROM llm_calls c WHERE (c.run_id, c.org_id) = (x.run_id, x.org_id) AND c.purpose = 'reread'
                AND c.outcome = 'read' AND c.fence = x.fence AND c.started_at >= o.created_at
                AND c.prompt_version = o.prompt_version AND num_nonnulls(c.job_id, c.shared_id) = 0)
        """,
    ),
)
