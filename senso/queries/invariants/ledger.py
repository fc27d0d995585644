"""I3: one charge for each answer that was read, at the batch's price, to the partner whose credits were held."""

from senso.queries.invariants.base import EVEN_PRUNED, IN_SCOPE, OPEN, Check
from senso.queries.invariants.batches import SLACK, SOON

# `e` is an evaluation of batch `b` that must have been charged: done, in an episode that has ended.
DUE = f"e.state = 'done' AND (b.state NOT IN {OPEN} OR e.ended_at < b.queued_at)"
AUDIT = "senso ledger PARTNER shows every row; correct it with a grant under a ref that says why, and report it"


def reserved_in(episode: str) -> str:
    """How many readings beyond those of batch `b` that are planned its hold of that episode is for."""
    return f"CASE WHEN b.reserved_in = {episode} THEN b.reserved ELSE 0 END"


# The ledger's `kind` for a batch: org or network.
PAID_AS = "CASE b.kind WHEN 'org' THEN 'org' ELSE 'network' END"
CHECKS = (
    Check(
        "I3",
        "each answer that was read is charged once, and nothing else is",
        "a partner paid twice, for nothing, or not at all",
        AUDIT,
        f"""
        SELECT coalesce(e.run_id, l.run_id) AS run, coalesce(e.org_id, l.org_id) AS org,
            coalesce(e.state, 'no reading') AS state, coalesce(l.charges, 0) AS charges
        FROM (SELECT e.* FROM evaluations e JOIN batches b ON b.id = e.batch_id
            WHERE {IN_SCOPE} AND e.is_current) e FULL JOIN (
            SELECT l.run_id, l.org_id, l.batch_id, count(*) AS charges
            FROM ledger l LEFT JOIN batches b ON b.id = l.batch_id
            WHERE l.entry = 'charge' AND (b.id IS NULL OR {IN_SCOPE}) GROUP BY 1, 2, 3
        ) l ON (l.run_id, l.org_id) = (e.run_id, e.org_id)
            LEFT JOIN batches b ON b.id = coalesce(e.batch_id, l.batch_id)
        WHERE e.id IS NULL OR l.batch_id <> e.batch_id
            OR coalesce(l.charges, 0) <> CASE WHEN {DUE} THEN 1 ELSE 0 END
        """,
    ),
    Check(
        "I3",
        "a charge is the batch's price, to the partner whose credits were held",
        "a partner paid too much, too little, or for another's org",
        AUDIT,
        f"""
        SELECT l.idempotency_key AS key, l.partner_id AS partner, l.credits, b.credits_per_evaluation AS price
        FROM ledger l LEFT JOIN batches b ON b.id = l.batch_id
        WHERE l.entry = 'charge' AND (b.id IS NULL OR ({EVEN_PRUNED} AND (
            l.credits <> -b.credits_per_evaluation OR l.kind IS DISTINCT FROM {PAID_AS}
            OR (b.kind = 'org' AND l.org_id IS DISTINCT FROM b.org_id)
            OR l.idempotency_key <> 'charge:' || l.run_id || ':' || l.org_id
            OR NOT EXISTS (SELECT FROM ledger s WHERE s.batch_id = b.id AND s.entry = 'release'
                AND s.created_at = l.created_at AND s.partner_id = l.partner_id))))
        """,
    ),
    Check(
        "I3",
        "each episode holds once what it plans, and releases it when it ends",
        "credits are locked away, or were spent without being held",
        AUDIT,
        f"""
        SELECT b.id AS batch, b.episode, b.state, h.credits AS held,
            (c.planned + {reserved_in("b.episode")}) * b.credits_per_evaluation AS wanted, s.credits AS released
        FROM batches b LEFT JOIN ledger h ON h.idempotency_key = 'hold:' || b.id || ':' || b.episode
            LEFT JOIN ledger s ON s.idempotency_key = 'release:' || b.id || ':' || b.episode
            LEFT JOIN (
                SELECT e.batch_id, count(*) AS planned FROM evaluations e JOIN batches b ON b.id = e.batch_id
                WHERE {IN_SCOPE} AND e.is_current AND (e.ended_at IS NULL OR e.ended_at >= b.queued_at) GROUP BY 1
            ) c ON c.batch_id = b.id
        WHERE {IN_SCOPE} AND (
            (b.remaining IS NOT NULL AND b.started_at IS NOT NULL AND coalesce(-h.credits, 0)
                <> (coalesce(c.planned, 0) + {reserved_in("b.episode")}) * b.credits_per_evaluation)
            OR (b.state IN {OPEN} AND s.id IS NOT NULL) OR (h.id IS NOT NULL AND b.state IN ('queued', 'blocked'))
            OR (b.state NOT IN {OPEN} AND (h.id IS NULL) <> (s.id IS NULL))
            OR h.created_at NOT BETWEEN b.started_at - {SLACK} AND {SOON}
            OR s.created_at <> b.ended_at)
        """,
    ),
    Check(
        "I3",
        "a hold and its release are of one batch, one partner and one amount",
        "credits were given back that were not held, or to another",
        AUDIT,
        f"""
        SELECT coalesce(h.idempotency_key, s.idempotency_key) AS key, h.credits AS held, s.credits AS released
        FROM (SELECT * FROM ledger WHERE entry = 'hold') h
            FULL JOIN (SELECT * FROM ledger WHERE entry = 'release') s
                ON substr(s.idempotency_key, 9) = substr(h.idempotency_key, 6)
            LEFT JOIN batches b ON b.id = coalesce(h.batch_id, s.batch_id)
        WHERE b.id IS NULL OR ({EVEN_PRUNED} AND (
            h.id IS NULL OR h.credits > 0 OR h.credits % greatest(b.credits_per_evaluation, 1) <> 0
            OR h.idempotency_key NOT LIKE 'hold:' || b.id || ':%'
            OR split_part(h.idempotency_key, ':', 3)::int NOT BETWEEN 1 AND b.episode
            OR h.kind IS DISTINCT FROM {PAID_AS} OR h.org_id IS DISTINCT FROM b.org_id OR h.run_id IS NOT NULL
            OR (s.id IS NULL AND (b.state NOT IN {OPEN} OR h.idempotency_key <> 'hold:' || b.id || ':' || b.episode))
            OR (s.id IS NOT NULL AND (s.batch_id, s.partner_id, s.org_id, s.kind, s.credits)
                IS DISTINCT FROM (h.batch_id, h.partner_id, h.org_id, h.kind, -h.credits))
            OR s.run_id IS NOT NULL OR s.created_at < h.created_at - {SLACK}
            OR split_part(h.idempotency_key, ':', 3) = '1' AND b.planned IS NOT NULL
                AND -h.credits <> (b.planned + {reserved_in("1")}) * b.credits_per_evaluation
                -- A later episode of an org of a network may have taken further answers.
                AND (b.kind <> 'network_org' OR b.episode = 1 OR -h.credits > b.planned * b.credits_per_evaluation)
            OR (b.state = 'running' AND h.idempotency_key = 'hold:' || b.id || ':' || b.episode
                AND h.partner_id <> (SELECT o.partner_id FROM orgs o WHERE o.id = b.org_id))))
        """,
    ),
    Check(
        "I3",
        "what was pruned was old, had ended, and was charged as it was read",
        "answers are gone that were still needed, or a charge changed since they were deleted",
        AUDIT,
        f"""
        SELECT b.id AS batch, b.state, b.pruned_at, b.kept->'evaluated' AS evaluated, coalesce(l.charges, 0) AS charges
        FROM batches b LEFT JOIN (
            SELECT batch_id, count(*) AS charges FROM ledger WHERE entry = 'charge' GROUP BY 1) l ON l.batch_id = b.id
        WHERE b.pruned_at IS NOT NULL AND (CAST(:since AS timestamptz) IS NULL OR b.pruned_at >= :since) AND (
            b.state IN {OPEN} OR b.state = 'blocked' OR b.ended_at IS NULL
            OR b.ended_at > b.pruned_at - interval '1 day' OR greatest(b.pruned_at, b.emptied_at) > now() + {SLACK}
            OR coalesce(l.charges, 0) <> CASE b.kind WHEN 'network' THEN 0 ELSE (b.kept->>'evaluated')::int END
            OR (b.emptied_at IS NOT NULL AND (EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id)
                OR EXISTS (SELECT FROM evaluations e WHERE e.batch_id = b.id)))
            OR EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND r.is_latest))
        """,
    ),
    Check(
        "I3",
        "the ledger has no rows but grants, holds, charges and releases",
        "credits moved in a way that the product does not know",
        AUDIT,
        """
        SELECT l.id, l.entry, l.idempotency_key AS key, l.credits FROM ledger l
        WHERE l.entry NOT IN ('grant', 'hold', 'charge', 'release')
            OR split_part(l.idempotency_key, ':', 1) <> l.entry OR l.created_at > now() + interval '1 minute'
            OR (l.entry = 'grant' AND (l.batch_id IS NOT NULL OR l.run_id IS NOT NULL
                OR l.org_id IS NOT NULL))
            OR (l.entry = 'charge' AND (l.batch_id IS NULL OR l.run_id IS NULL OR l.org_id IS NULL))
            OR (l.entry IN ('hold', 'release') AND (l.batch_id IS NULL OR l.org_id IS NULL))
        """,
    ),
    Check(
        "I3",
        "what a partner has is the sum of its ledger, and never was below zero",
        "the balance says something else than the rows: somebody can spend what is not there, or cannot what is",
        AUDIT,
        """
        SELECT p.id AS partner, p.available, coalesce(l.credits, 0) AS ledger, l.least
        FROM partners p LEFT JOIN (
            SELECT partner_id, min(created_at) AS first, sum(credits) AS credits, min(balance) AS least,
                bool_or(is_import) AS was_metered
            FROM (
                SELECT partner_id, created_at, credits,
                    sum(credits) OVER (PARTITION BY partner_id ORDER BY id) AS balance,
                    idempotency_key LIKE 'grant:import:%' AS is_import
                FROM ledger
            ) running GROUP BY partner_id
        ) l ON l.partner_id = p.id
        WHERE (p.available IS NOT NULL AND (p.available <> coalesce(l.credits, 0) OR l.least < 0))
            OR (p.available IS NULL AND l.was_metered) OR p.created_at > least(l.first, now() + interval '1 minute')
        """,
    ),
)
