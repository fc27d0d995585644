"""What the answers of batches claim about an org, counted and grouped by Postgres.

Claims are looked up by their readings, and readings by their batch: OFFSET 0 keeps Postgres from reading all claims.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from senso.db import Connection
from senso.db.statement import Prepared
from senso.score import ClaimCount, Claimed, ClaimedItem
from senso.states import EvaluationState, Polarity, Verdict

MOST_ITEMS = 50
# In the order in which a report tells them. Without a verdict: the org had no facts on file.
CONDITIONS = {
    "contradicted": f"c.verdict = '{Verdict.CONTRADICTED}'",
    "supported": f"c.verdict = '{Verdict.SUPPORTED}'",
    "not_covered": f"c.verdict = '{Verdict.NOT_COVERED}'",
    "unjudged": "c.position IS NOT NULL AND c.verdict IS NULL",
    **{polarity.value: f"c.polarity = '{polarity}'" for polarity in Polarity},
}
COUNTED = ", ".join(
    f"count(*) FILTER (WHERE {condition}) AS {name}_claims, "
    f"count(DISTINCT e.id) FILTER (WHERE {condition}) AS {name}_answers"
    for name, condition in CONDITIONS.items()
)
MENTIONED = f"""e.batch_id = ANY(CAST(:batches AS uuid[]))
    AND CASE WHEN e.is_current AND e.org_id = :org AND e.mentioned THEN e.state END = '{EvaluationState.DONE}'"""
COUNTS = Prepared(f"""
    SELECT e.batch_id, count(DISTINCT e.id) AS answers, {COUNTED}
    FROM evaluations e LEFT JOIN LATERAL (
            SELECT position, verdict, polarity FROM claims WHERE evaluation_id = e.id OFFSET 0
        ) c ON true
    WHERE {MENTIONED}
    GROUP BY e.batch_id
""")


def counts(db: Connection, org: UUID, batches: Sequence[UUID]) -> dict[UUID, Claimed]:
    """By batch, without their items; batches whose answers do not mention the org are left out."""
    found = COUNTS.rows(db, {"batches": list(batches), "org": org})
    return {one["batch_id"]: claimed(one) for one in found}


def claimed(one: dict[str, Any]) -> Claimed:
    told: dict[str, Any] = {name: ClaimCount(one[f"{name}_claims"], one[f"{name}_answers"]) for name in CONDITIONS}
    return Claimed(answers=one["answers"], **told)


# Claims are the same if they differ in capitals only; the sentence is that of the first answer.
GROUPED = f"""
    WITH e AS MATERIALIZED (SELECT id, run_id FROM evaluations e WHERE {MENTIONED})
    SELECT min(c.text) AS text, c.kind, c.polarity, c.verdict, c.fact, count(DISTINCT e.id) AS answers,
        (array_agg(c.sentence ORDER BY r.number, c.position))[1] AS sentence,
        (array_agg(c.url ORDER BY c.url IS NULL, r.number, c.position))[1] AS url, min(r.number) AS run
    FROM e CROSS JOIN LATERAL (SELECT * FROM claims WHERE evaluation_id = e.id OFFSET 0) c
        CROSS JOIN LATERAL (SELECT number FROM question_runs WHERE id = e.run_id OFFSET 0) r
    GROUP BY lower(c.text), c.kind, c.polarity, c.verdict, c.fact
"""
VERDICTS = f"ARRAY['{Verdict.CONTRADICTED}', '{Verdict.SUPPORTED}', '{Verdict.NOT_COVERED}']"
ITEMS = Prepared(f"""
    {GROUPED}
    ORDER BY array_position({VERDICTS}, c.verdict), count(DISTINCT e.id) DESC, min(r.number), min(c.text)
    LIMIT {MOST_ITEMS}
""")


def of_batch(db: Connection, batch: UUID, org: UUID) -> Claimed:
    """What is claimed about the org in the batch's answers that mention it, with up to 50 items.

    Contradicted claims come first, then supported, not covered and unjudged ones; of each the most frequent first.
    """
    found = counts(db, org, [batch]).get(batch, Claimed())
    items = ITEMS.rows(db, {"batches": [batch], "org": org}) if found.claims else []
    return replace(found, items=tuple(ClaimedItem(**one) for one in items))
