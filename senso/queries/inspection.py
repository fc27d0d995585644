"""What an operator asks about a single batch or run when something went wrong: who did what, and what came of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.queries.fragments import LOCATION

# `tries` are calls that were made for the run, for whatever purpose; each of them may have cost something.
RUN_COLUMNS = f"""
    r.id, r.number, r.batch_id, q.text AS question, q.kind AS question_kind, m.slug AS model, m.provider, m.surface,
    {LOCATION} AS location, r.state, r.error, r.failures, r.fence
"""
RUN_SOURCES = """
    FROM question_runs r JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN locations l ON l.id = r.location_id
"""
RUNS = text(f"""
    SELECT {RUN_COLUMNS}, e.state AS evaluation, coalesce(r.error, e.error) AS reason,
        calls.tries, calls.cost_microusd, calls.unknown_cost AS calls_of_unknown_cost
    {RUN_SOURCES}
        LEFT JOIN LATERAL (SELECT state, error FROM evaluations e WHERE e.run_id = r.id AND e.is_current
            ORDER BY e.state = 'failed' DESC LIMIT 1) e ON true
        LEFT JOIN LATERAL (SELECT count(*) AS tries, coalesce(sum(c.cost_microusd), 0)::bigint AS cost_microusd,
            count(*) FILTER (WHERE c.cost_microusd IS NULL) AS unknown_cost
            FROM llm_calls c WHERE c.run_id = r.id) calls ON true
    WHERE r.batch_id = :batch AND (NOT :failed OR r.state = 'failed' OR e.state = 'failed')
    ORDER BY r.number
""")


def runs(db: Connection, batch: UUID, *, failed: bool) -> list[dict[str, Any]]:
    return rows(db.execute(RUNS, {"batch": batch, "failed": failed}))


RUN = f"""
    SELECT {RUN_COLUMNS}, b.kind AS batch_kind, b.batch_date, b.state AS batch_state, b.episode, o.name AS org,
        b.org_id, r.answer_text, r.answered_at, r.model_version, r.reported_country, r.searched, r.sent_at, r.next_at,
        r.lease_owner, r.lease_until, r.snapshot_id, r.is_latest,
        (SELECT coalesce(sum(cost_microusd), 0)::bigint FROM llm_calls WHERE run_id = r.id) AS cost_microusd,
        (SELECT count(*) FROM llm_calls WHERE run_id = r.id AND cost_microusd IS NULL) AS calls_of_unknown_cost
    {RUN_SOURCES} JOIN batches b ON b.id = r.batch_id LEFT JOIN orgs o ON o.id = b.org_id
"""
RUN_BY_ID = text(RUN + " WHERE r.id = :id")
RUN_BY_NUMBER = text(RUN + " WHERE r.number = :number")


def run(db: Connection, wanted: UUID | int) -> dict[str, Any] | None:
    """By its id, or by the number that stands in lists and at vendors."""
    by_id = isinstance(wanted, UUID)
    found = rows(db.execute(RUN_BY_ID, {"id": wanted}) if by_id else db.execute(RUN_BY_NUMBER, {"number": wanted}))
    return found[0] if found else None


# A call without an outcome is under way while its claim holds; afterwards nobody knows whether it was paid.
CALLS = text("""
    SELECT c.id, c.purpose, c.provider, c.model, c.prompt_version, c.fence, c.started_at, c.outcome, c.latency_ms,
        c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd,
        c.outcome IS NULL AND (
            (c.purpose = 'ask' AND r.state = 'asking' AND c.fence = r.fence
                AND (r.lease_until > now() OR s.state IN ('submitting', 'running')))
            OR EXISTS (SELECT FROM evaluations e WHERE c.purpose = 'read' AND e.run_id = r.id AND e.org_id = c.org_id
                AND e.state = 'extracting' AND e.fence = c.fence AND e.lease_until > now())
        ) AS under_way
    FROM llm_calls c JOIN question_runs r ON r.id = c.run_id LEFT JOIN snapshots s ON s.id = r.snapshot_id
    WHERE c.run_id = :run ORDER BY c.id
""")


def calls(db: Connection, run_id: UUID) -> list[dict[str, Any]]:
    return rows(db.execute(CALLS, {"run": run_id}))


SNAPSHOT = text("""
    SELECT id, provider, external_id, state, fence, failures, created_at, submitted_at, ended_at, next_poll_at,
        maybe_sent_at, cancel_due_at, cancelled_at, deadline, error,
        (SELECT count(*) FROM question_runs r WHERE r.snapshot_id = snapshots.id) AS runs
    FROM snapshots WHERE id = :id
""")


def snapshot(db: Connection, snapshot_id: UUID) -> dict[str, Any]:
    return rows(db.execute(SNAPSHOT, {"id": snapshot_id}))[0]


EVALUATIONS = text("""
    SELECT e.id, e.org_id, o.name AS org, e.version, e.state, e.mentioned, e.mention_text, e.sentiment, e.rank,
        e.share_of_text, e.marks, e.extractor, e.prompt_version, e.model_version, e.error, e.failures, e.fence,
        e.lease_owner, e.lease_until, e.next_at, e.ended_at,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id) AS competitors,
        ARRAY(SELECT url FROM org_websites w WHERE w.org_id = e.org_id ORDER BY position, url) AS websites,
        (SELECT -credits FROM ledger WHERE idempotency_key = 'charge:' || e.run_id || ':' || e.org_id) AS charged
    FROM evaluations e JOIN orgs o ON o.id = e.org_id
    WHERE e.run_id = :run AND e.is_current ORDER BY o.name, o.id
""")


def evaluations(db: Connection, run_id: UUID) -> list[dict[str, Any]]:
    return rows(db.execute(EVALUATIONS, {"run": run_id}))


CITATIONS = text("""
    SELECT url, canonical_url, host, registrable_domain, title, position, cited FROM citations
    WHERE run_id = :run ORDER BY position
""")


def citations(db: Connection, run_id: UUID) -> list[dict[str, Any]]:
    return rows(db.execute(CITATIONS, {"run": run_id}))


# What was done to the batch itself, and, between the org's batch before and the one after, what it stood on: grants to
# its partner, and imports, which name files rather than orgs.
AUDIT = text("""
    WITH subject AS (
        SELECT b.id, 'partner:' || o.partner_id AS partner,
            coalesce((SELECT max(queued_at) FROM batches f WHERE f.kind = b.kind AND f.org_id = b.org_id
                AND f.batch_date < b.batch_date), '-infinity') AS after,
            coalesce((SELECT min(queued_at) FROM batches n WHERE n.kind = b.kind AND n.org_id = b.org_id
                AND n.batch_date > b.batch_date), 'infinity') AS before
        FROM batches b LEFT JOIN orgs o ON o.id = b.org_id WHERE b.id = :batch
    )
    SELECT a.at, a.actor, a.action, a.subject, a.details FROM audit a, subject s
    WHERE a.batch_id = s.id OR (
        a.batch_id IS NULL AND a.at >= s.after AND a.at < s.before
        AND ((a.action = 'grant' AND a.subject = s.partner) OR a.action = 'import')
    )
    ORDER BY a.id
""")


def audit(db: Connection, batch: UUID) -> list[dict[str, Any]]:
    return rows(db.execute(AUDIT, {"batch": batch}))


MODELS = text("""
    SELECT slug, provider, name, surface, deadline_seconds, parameters, prices, retirement FROM models
    ORDER BY surface DESC, slug
""")


def models(db: Connection) -> list[dict[str, Any]]:
    return rows(db.execute(MODELS))
