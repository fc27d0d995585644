"""Where the ledger differs from the work that credits were moved for. Each statement returns differences, or no row.

All of them must read one snapshot of the database; work may go on meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import keys
from senso.db.typed import each
from senso.records import UNTOLD
from senso.states import HOLDING, OPEN_BATCHES, BatchKind, BatchState, EvaluationState, among
from senso.states import DifferenceKind as Kind

MOST = 200  # differences that are read of each statement
OPEN = among("b.state", OPEN_BATCHES)
# Batches that are open, have ended or moved credits since, or whose holds and releases do not cancel out, however old.
# Of pruned ones the readings are gone; `senso doctor --invariants` compares their charges with what was kept of them.
SCOPE = f"""
    WITH looked_at AS MATERIALIZED (
        SELECT b.id, b.kind, b.org_id, b.state, b.episode, b.queued_at, b.credits_per_evaluation AS price,
            CASE WHEN b.reserved_in = b.episode THEN b.reserved ELSE 0 END AS reserved
        FROM batches b
        WHERE b.pruned_at IS NULL AND (CAST(:since AS timestamptz) IS NULL OR {OPEN} OR b.ended_at >= :since
                OR b.id IN (SELECT batch_id FROM ledger WHERE created_at >= :since)
                OR b.id IN (SELECT batch_id FROM ledger WHERE {among("entry", HOLDING)}
                    GROUP BY batch_id HAVING sum(credits) <> 0))
            AND (CAST(:partner AS uuid) IS NULL
                OR b.org_id IN (SELECT id FROM orgs WHERE partner_id = :partner)
                OR b.id IN (SELECT batch_id FROM ledger WHERE partner_id = :partner))
    )
"""
# An evaluation `e` of batch `b` that must have been charged: done, in an episode that has ended.
DUE = f"e.state = '{EvaluationState.DONE}' AND (NOT {OPEN} OR e.ended_at < b.queued_at)"
PAYER = """coalesce(
        (SELECT h.partner_id FROM ledger h WHERE h.batch_id = e.batch_id AND h.entry = 'hold'
            ORDER BY h.id DESC LIMIT 1),
        (SELECT o.partner_id FROM orgs o WHERE o.id = e.org_id))"""
CHARGES = f"""{SCOPE},
    due AS (
        SELECT e.run_id, e.org_id, e.batch_id, b.price FROM evaluations e JOIN looked_at b ON b.id = e.batch_id
        WHERE e.is_current AND {DUE}
    ),
    charged AS (
        SELECT l.run_id, l.org_id, l.batch_id, (min(l.partner_id::text))::uuid AS partner_id, count(*) AS charges,
            sum(l.credits)::bigint AS credits, sum(b.price)::bigint AS price
        FROM ledger l JOIN looked_at b ON b.id = l.batch_id WHERE l.entry = 'charge'
        GROUP BY l.run_id, l.org_id, l.batch_id
    )
    SELECT CASE WHEN l.batch_id IS NULL THEN '{Kind.NOT_CHARGED}'
            WHEN e.run_id IS NULL THEN '{Kind.CHARGED_FOR_NOTHING}'
            WHEN l.charges > 1 THEN '{Kind.CHARGED_TWICE}' ELSE '{Kind.WRONG_PRICE}' END AS kind,
        coalesce(l.partner_id, {PAYER}) AS partner_id, coalesce(e.batch_id, l.batch_id) AS batch_id,
        coalesce(e.run_id, l.run_id) AS run_id, coalesce(e.org_id, l.org_id) AS org_id,
        coalesce(-e.price, 0)::bigint AS expected, coalesce(l.credits, 0)::bigint AS found
    FROM due e FULL JOIN charged l ON (l.run_id, l.org_id) = (e.run_id, e.org_id)
    WHERE (l.batch_id IS NULL
            AND NOT EXISTS (SELECT FROM ledger c WHERE c.idempotency_key = {keys.CHARGE.sql("e.run_id", "e.org_id")}))
        OR (e.run_id IS NULL AND NOT EXISTS (
            SELECT FROM evaluations e JOIN batches b ON b.id = e.batch_id
            WHERE e.run_id = l.run_id AND e.org_id = l.org_id AND {DUE}))
        OR l.charges > 1 OR (e.run_id IS NOT NULL AND l.credits <> -e.price)
"""
UNHELD = f"""{SCOPE}
    SELECT '{Kind.CHARGED_WITHOUT_HOLD}' AS kind, l.partner_id, l.batch_id, NULL::uuid AS run_id,
        (min(l.org_id::text))::uuid AS org_id, 0::bigint AS expected, sum(l.credits)::bigint AS found
    FROM ledger l
    WHERE l.entry = 'charge' AND (l.batch_id IN (SELECT id FROM looked_at)
            OR (l.batch_id IS NULL AND (CAST(:since AS timestamptz) IS NULL OR l.created_at >= :since)))
        AND (CAST(:partner AS uuid) IS NULL OR l.partner_id = :partner)
        AND NOT EXISTS (SELECT FROM ledger h
            WHERE h.batch_id = l.batch_id AND h.partner_id = l.partner_id AND h.entry = 'hold')
    GROUP BY l.partner_id, l.batch_id
"""
# The work of the latest episode, and what must be held for it.
HOLDS = f"""{SCOPE},
    wanted AS (
        SELECT b.id, (count(e.id) + b.reserved) * b.price AS credits
        FROM looked_at b LEFT JOIN evaluations e
            ON e.batch_id = b.id AND e.is_current AND (e.ended_at IS NULL OR e.ended_at >= b.queued_at)
        WHERE b.kind <> '{BatchKind.NETWORK}' GROUP BY b.id, b.price, b.reserved
    ),
    moved AS (
        SELECT l.*, b.episode, b.state, l.idempotency_key = {keys.HOLD.sql("b.id", "b.episode")} AS is_latest,
            split_part(l.idempotency_key, ':', 3) AS told
        FROM ledger l JOIN looked_at b ON b.id = l.batch_id WHERE {among("l.entry", HOLDING)}
    ),
    found AS (
        SELECT CASE WHEN h.id IS NULL THEN '{Kind.NOT_HELD}' ELSE '{Kind.WRONG_HOLD}' END AS kind,
            coalesce(h.partner_id, o.partner_id) AS partner_id, b.id AS batch_id, b.org_id, -w.credits AS expected,
            coalesce(h.credits, 0) AS found
        FROM looked_at b JOIN wanted w ON w.id = b.id JOIN orgs o ON o.id = b.org_id
            LEFT JOIN moved h ON h.batch_id = b.id AND h.is_latest
        WHERE coalesce(-h.credits, 0) <> w.credits AND (h.id IS NOT NULL OR b.state <> '{BatchState.QUEUED}')
        UNION ALL
        SELECT '{Kind.HELD_TWICE}', h.partner_id, h.batch_id, h.org_id, 0, h.credits FROM moved h
        WHERE h.entry = 'hold' AND NOT EXISTS (
            SELECT FROM generate_series(1, h.episode) n WHERE h.idempotency_key = {keys.HOLD.sql("h.batch_id", "n")})
        UNION ALL
        SELECT '{Kind.NOT_RELEASED}', h.partner_id, h.batch_id, h.org_id, -h.credits, 0 FROM moved h
        WHERE h.entry = 'hold' AND NOT (h.is_latest AND h.state = '{BatchState.RUNNING}')
            AND NOT EXISTS (
                SELECT FROM moved s WHERE s.entry = 'release' AND s.batch_id = h.batch_id AND s.told = h.told)
        UNION ALL
        SELECT '{Kind.WRONG_RELEASE}', s.partner_id, s.batch_id, s.org_id, coalesce(-h.credits, 0), s.credits
        FROM moved s LEFT JOIN moved h ON h.entry = 'hold' AND h.batch_id = s.batch_id AND h.told = s.told
        WHERE s.entry = 'release' AND (h.id IS NULL OR h.partner_id <> s.partner_id OR h.credits <> -s.credits
            OR s.idempotency_key <> {keys.RELEASE.sql("s.batch_id", "s.told")}
            OR (h.is_latest AND s.state IN ('queued', 'running')))
    )
    SELECT kind, partner_id, batch_id, NULL::uuid AS run_id, org_id, expected::bigint AS expected,
        found::bigint AS found
    FROM found
"""
# Each grant that the audit tells, and each row of a grant that is none.
GRANTS = f"""
    SELECT '{Kind.WRONG_GRANT}' AS kind, told.partner_id, NULL::uuid AS batch_id, NULL::uuid AS run_id,
        NULL::uuid AS org_id, told.credits AS expected, coalesce(l.credits, 0)::bigint AS found
    FROM (
        SELECT substr(subject, 9)::uuid AS partner_id, details->>'ref' AS ref,
            sum((details->>'credits')::bigint)::bigint AS credits
        FROM audit WHERE action = 'grant' AND (CAST(:since AS timestamptz) IS NULL OR at >= :since) GROUP BY 1, 2
    ) told LEFT JOIN ledger l ON l.idempotency_key = {keys.GRANT.sql("told.ref")} AND l.partner_id = told.partner_id
    WHERE told.credits IS DISTINCT FROM l.credits
    UNION ALL
    SELECT '{Kind.WRONG_GRANT}', partner_id, batch_id, run_id, org_id, 0, credits FROM ledger
    WHERE entry = 'grant' AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
        AND (idempotency_key NOT LIKE '{keys.GRANT.name}:%' OR credits < 0 OR batch_id IS NOT NULL
            OR run_id IS NOT NULL)
"""
# A sum needs all rows. A partner that is not metered has no balance.
BALANCES = f"""
    SELECT '{Kind.WRONG_BALANCE}' AS kind, p.id AS partner_id, NULL::uuid AS batch_id, NULL::uuid AS run_id,
        NULL::uuid AS org_id, coalesce(l.credits, 0)::bigint AS expected, p.available AS found
    FROM partners p LEFT JOIN (
        SELECT partner_id, sum(credits) AS credits FROM ledger
        WHERE CAST(:partner AS uuid) IS NULL OR partner_id = :partner GROUP BY partner_id
    ) l ON l.partner_id = p.id
    WHERE p.available <> coalesce(l.credits, 0)
"""
# What somebody has accepted is left out here, so that what lies behind the first 200 can be seen and accepted, too.
ACCEPTED = """
    SELECT one - 'text' FROM reconciliations, jsonb_array_elements(differences) one WHERE accepted IS NOT NULL
"""
STATEMENTS = tuple(
    text(f"""
        SELECT *, count(*) OVER () AS total FROM ({statement}) differing
        WHERE (CAST(:partner AS uuid) IS NULL OR partner_id = :partner) AND to_jsonb(differing) NOT IN ({ACCEPTED})
        ORDER BY partner_id, batch_id, kind, run_id, org_id LIMIT {MOST}
    """)
    for statement in (CHARGES, UNHELD, HOLDS, GRANTS, BALANCES)
)
TOTALS = text(f"""{SCOPE}
    SELECT (SELECT count(*) FROM looked_at) AS batches,
        (SELECT count(*) FROM evaluations e JOIN looked_at b ON b.id = e.batch_id WHERE e.is_current AND {DUE}) AS done,
        count(*) FILTER (WHERE l.entry = 'charge') AS charges,
        count(*) FILTER (WHERE l.entry = 'hold') AS holds,
        count(*) FILTER (WHERE l.entry = 'release') AS releases
    FROM ledger l JOIN looked_at b ON b.id = l.batch_id
""")
PREPARE = text("""
    SELECT set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'auto', true),
        set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
        set_config('max_parallel_workers_per_gather', '0', true), set_config('statement_timeout', '10min', true)
""")
STAND_STILL = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected`, `found`: credits, signed as in the ledger. `total`: how many its statement found in all."""

    kind: Kind
    partner_id: UUID | None
    batch_id: UUID | None
    run_id: UUID | None
    org_id: UUID | None
    expected: int
    found: int
    total: int = field(metadata=UNTOLD)


@dataclass(frozen=True, slots=True)
class Totals:
    """What was looked at: evaluations that are due to be charged (`done`), and rows of the ledger."""

    batches: int
    done: int
    charges: int
    holds: int
    releases: int


def stand_still(db: Connection) -> None:
    """Must be the first statement of its transaction: all that follows reads one moment of the database."""
    db.execute(STAND_STILL)
    db.execute(PREPARE)


def differences(db: Connection, since: datetime | None, partner: UUID | None) -> tuple[Sequence[Difference], int]:
    """Up to 200 of each statement that nobody has accepted, and how many there are in all. `since`: None for all."""
    values = {"since": since, "partner": partner}
    found = [each(Difference, db.execute(statement, values)) for statement in STATEMENTS]
    return [one for some in found for one in some], sum(some[0].total for some in found if some)


def totals(db: Connection, since: datetime | None, partner: UUID | None) -> Totals:
    (found,) = each(Totals, db.execute(TOTALS, {"since": since, "partner": partner}))
    return found
