"""The promises I1-I8 as SQL: each statement returns what breaks the promise, so an empty answer is a promise kept."""

from typing import Any

from sqlalchemy import Connection, text

from senso.db import rows

BROKEN = {
    "I1 one batch per kind, subject and date": """
        SELECT kind, org_id, network_id, batch_date, count(*) FROM batches
        GROUP BY kind, org_id, network_id, batch_date HAVING count(*) > 1
    """,
    "I2 nothing is open past its batch's deadline or end": """
        SELECT r.id AS run, r.state, b.state AS batch FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE r.state IN ('planned', 'asking')
            AND (b.state NOT IN ('queued', 'running') OR b.deadline < now() - interval '5 minutes')
        UNION ALL
        SELECT e.run_id, e.state, b.state FROM evaluations e JOIN batches b ON b.id = e.batch_id
        WHERE e.state IN ('pending', 'extracting')
            AND (b.state NOT IN ('queued', 'running') OR b.deadline < now() - interval '5 minutes')
    """,
    "I3 one charge for each answer that was read, none for any other": """
        SELECT coalesce(e.run_id, l.run_id) AS run, e.state, l.idempotency_key
        FROM (
            SELECT e.run_id, e.org_id, e.state FROM evaluations e JOIN batches b ON b.id = e.batch_id
            WHERE e.state = 'done' AND b.state NOT IN ('queued', 'running')
        ) e
        FULL JOIN (
            SELECT l.run_id, l.org_id, l.idempotency_key FROM ledger l JOIN batches b ON b.id = l.batch_id
            WHERE l.entry = 'charge' AND b.state NOT IN ('queued', 'running')
        ) l ON l.run_id = e.run_id AND l.org_id = e.org_id
        WHERE e.run_id IS NULL OR l.run_id IS NULL
    """,
    "I3 the hold of a batch that ended is released in full": """
        SELECT l.batch_id, l.idempotency_key, l.credits FROM ledger l JOIN batches b ON b.id = l.batch_id
        WHERE l.entry = 'hold' AND (b.state NOT IN ('queued', 'running')
                OR l.idempotency_key <> 'hold:' || b.id || ':' || b.episode)
            AND NOT EXISTS (SELECT FROM ledger r WHERE r.credits = -l.credits
                AND r.idempotency_key = 'release:' || substr(l.idempotency_key, 6))
    """,
    "I3 what a partner has is the sum of its ledger": """
        SELECT p.id, p.available, coalesce(sum(l.credits), 0) AS ledger
        FROM partners p LEFT JOIN ledger l ON l.partner_id = p.id
        WHERE p.available IS NOT NULL GROUP BY p.id HAVING p.available <> coalesce(sum(l.credits), 0)
    """,
    "I4 counters equal what the rows say": """
        SELECT b.id, b.remaining, b.planned, counted.open, counted.rows FROM batches b,
            LATERAL (SELECT count(*) FILTER (WHERE state IN ('pending', 'extracting')) AS open, count(*) AS rows
                FROM evaluations e WHERE e.batch_id = b.id) counted
        WHERE b.planned IS NOT NULL AND (b.planned <> counted.rows
            OR (b.remaining <> counted.open AND (b.state <> 'queued' OR b.episode = 1)))
    """,
    "I5 a batch ends once per episode": """
        SELECT batch_id, episode, count(*) FROM pushes GROUP BY batch_id, episode HAVING count(*) > 1
        UNION ALL
        SELECT b.id, b.episode, 0 FROM batches b
        WHERE b.state IN ('completed', 'partial', 'failed') AND b.planned IS NOT NULL
            AND NOT EXISTS (SELECT FROM pushes p WHERE p.batch_id = b.id AND p.episode = b.episode)
    """,
    "I6 no run was asked or read more often than its failures explain": """
        SELECT c.run_id, c.purpose, count(*) FILTER (WHERE c.outcome IN ('answered', 'read')) AS successes
        FROM llm_calls c JOIN question_runs r ON r.id = c.run_id
            LEFT JOIN evaluations e ON e.run_id = c.run_id AND e.is_current AND e.batch_id = c.batch_id
        GROUP BY c.run_id, c.purpose, r.failures, e.failures
        HAVING count(*) FILTER (WHERE c.outcome IN ('answered', 'read'))
            > 1 + CASE c.purpose WHEN 'ask' THEN r.failures ELSE e.failures END
    """,
    "I7 the outbox drains": """
        SELECT id, key, not_before FROM outbox
        WHERE published_at IS NULL AND not_before < now() - interval '2 minutes'
    """,
    "I8 no work lies idle beside a living worker": """
        SELECT r.id, r.sent_at FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE b.state = 'running' AND r.state = 'planned' AND r.next_at < now() - interval '60 seconds'
            AND (r.sent_at IS NULL OR r.sent_at < r.next_at)
            AND EXISTS (SELECT FROM workers w WHERE w.heartbeat_at > now() - interval '10 seconds')
    """,
}
READ_WHOLE_TABLES = text("SET LOCAL enable_seqscan = on")  # which our connections avoid: see senso.db
STATEMENTS = {name: text(statement + " LIMIT 20") for name, statement in BROKEN.items()}


def broken(db: Connection) -> dict[str, list[dict[str, Any]]]:
    """By promise, up to 20 rows that break it; empty when all hold."""
    db.execute(READ_WHOLE_TABLES)
    found = {name: rows(db.execute(statement)) for name, statement in STATEMENTS.items()}
    return {name: breaking for name, breaking in found.items() if breaking}
