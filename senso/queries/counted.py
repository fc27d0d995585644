"""What a batch `b` shows for as long as it exists: counted in its rows or, once these are pruned, as counted before."""

from senso.states import OPEN_BATCHES, USEFUL, BatchKind, EvaluationState, Outcome, RunState, among

# By how they ended, those that there are.
FAILED_TRIES = "jsonb_strip_nulls(jsonb_build_object({}))".format(
    ", ".join(f"'{one}', nullif(count(*) FILTER (WHERE outcome = '{one}'), 0)" for one in Outcome if one not in USEFUL)
)
# Joined to the batch `b`.
ROWS = f"""
    LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE state = '{RunState.ANSWERED}') AS answered,
        count(*) FILTER (WHERE state = '{RunState.ASKING}') AS asking,
        count(*) FILTER (WHERE state = '{RunState.FAILED}') AS failed
        FROM question_runs WHERE batch_id = b.id) r ON true
    LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE state = '{EvaluationState.DONE}') AS evaluated,
        count(*) FILTER (WHERE state = '{EvaluationState.FAILED}') AS failed, count(*) AS planned
        FROM evaluations WHERE batch_id = b.id AND is_current) e ON true
    LEFT JOIN LATERAL (SELECT sum(cost_microusd)::bigint AS cost_microusd, count(*) AS llm_calls,
        count(*) FILTER (WHERE cost_microusd IS NULL) AS unknown_cost, {FAILED_TRIES} AS failed_tries
        FROM llm_calls
        WHERE batch_id = b.id) calls ON true
"""
# Earlier failures are planned again when a new episode opens: until then the episode counts no failures.
COUNTED = {
    "answered": f"CASE b.kind WHEN '{BatchKind.NETWORK_ORG}' THEN e.planned ELSE r.answered END",
    "evaluated": f"CASE b.kind WHEN '{BatchKind.NETWORK}' THEN r.answered ELSE e.evaluated END",
    "failed": f"""CASE WHEN b.remaining IS NULL AND {among("b.state", OPEN_BATCHES)} THEN 0
            WHEN b.kind = '{BatchKind.NETWORK}' THEN r.failed ELSE e.failed END""",
    "cost_microusd": "coalesce(calls.cost_microusd, 0)",
    "llm_calls": "coalesce(calls.llm_calls, 0)",
    "calls_of_unknown_cost": "coalesce(calls.unknown_cost, 0)",
}
TRIES = "coalesce(calls.failed_tries, '{}')"
SHOWN = ", ".join(
    f"CASE WHEN b.kept IS NULL THEN {counted} ELSE (b.kept->>'{name}')::bigint END AS {name}"
    for name, counted in COUNTED.items()
)
SHOWN_TRIES = f"coalesce(b.kept->'failed_tries', {TRIES}) AS failed_tries"
TO_KEEP = ", ".join(f"'{name}', {counted}" for name, counted in {**COUNTED, "failed_tries": TRIES}.items())
