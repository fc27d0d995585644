"""Credits move only by rows of the ledger, and `available` changes by exactly the credits of the inserted rows."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import keys
from senso.db.statement import Prepared
from senso.db.typed import first
from senso.queries.batches import Batch
from senso.states import HOLDING, OPEN_BATCHES, BatchKind, Entry, LedgerKind, among

# One guarded UPDATE: two batches that open at the same time cannot both spend the last credits. For a partner that is
# not metered, `available` is null and stays so; the rows are written nevertheless.
HOLD = Prepared("""
    WITH held AS (
        UPDATE partners p SET available = available - :credits
        WHERE p.id = (SELECT partner_id FROM orgs WHERE id = :org) AND (p.available IS NULL OR p.available >= :credits)
            AND NOT EXISTS (SELECT FROM ledger WHERE idempotency_key = :key)
        RETURNING p.id
    )
    INSERT INTO ledger (idempotency_key, entry, partner_id, org_id, kind, credits, batch_id)
    SELECT :key, 'hold', id, :org, :kind, -:credits, :batch FROM held
    RETURNING id
""")


def hold(db: Connection, batch: Batch, org: UUID, credits_wanted: int) -> bool:
    """Holds credits of the org's partner; False if it has too few. The caller has locked the batch; it has no hold."""
    values = {"key": keys.HOLD.of(batch.id, batch.episode), "org": org, "batch": batch.id, "credits": credits_wanted}
    kind = LedgerKind.ORG if batch.kind is BatchKind.ORG else LedgerKind.NETWORK
    return HOLD.one(db, values | {"kind": kind}) is not None


# Releases the hold in full, then charges each answer that was read once, however often this is called. Both go to the
# partner whose credits were held: the org may have moved to another since. In this order no balance is below zero.
CHARGE_AND_RELEASE = Prepared(f"""
    WITH written AS (
        INSERT INTO ledger (idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id)
        SELECT {keys.RELEASE.sql("l.batch_id", ":episode")}, 'release', l.partner_id, l.org_id, l.kind,
            -l.credits, l.batch_id, NULL
        FROM ledger l WHERE l.idempotency_key = {keys.HOLD.sql(":batch", ":episode")}
        UNION ALL
        SELECT {keys.CHARGE.sql("e.run_id", "e.org_id")}, 'charge', h.partner_id, e.org_id, h.kind,
            -b.credits_per_evaluation, b.id, e.run_id
        FROM evaluations e JOIN batches b ON b.id = e.batch_id
            JOIN ledger h ON h.idempotency_key = {keys.HOLD.sql(":batch", ":episode")}
        WHERE e.batch_id = CAST(:batch AS uuid) AND e.state = 'done'
        ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING partner_id, entry, credits
    ),
    moved AS (
        UPDATE partners p SET available = available + w.credits
        FROM (SELECT partner_id, sum(credits) AS credits FROM written GROUP BY partner_id) w
        WHERE p.id = w.partner_id
    )
    SELECT count(*) FROM written WHERE entry = 'charge'
""")


def charge_and_release(db: Connection, batch: UUID, episode: int) -> int:
    """Charges what was read and releases the hold of this episode; returns how many charges were written now."""
    (charges,) = CHARGE_AND_RELEASE.column(db, {"batch": str(batch), "episode": str(episode)})
    return int(charges)


GRANT = text(f"""
    WITH granted AS (
        INSERT INTO ledger (idempotency_key, entry, partner_id, credits)
        SELECT {keys.GRANT.sql(":ref")}, 'grant', id, :credits FROM partners WHERE id = :partner
        ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING partner_id, credits
    )
    UPDATE partners p SET available = available + granted.credits FROM granted
    WHERE p.id = granted.partner_id
    RETURNING available
""")


def grant(db: Connection, partner: UUID, credits_given: int, ref: str) -> bool:
    """False if this ref was granted before. A partner that is not metered stays so: only the row is written."""
    values = {"partner": partner, "credits": credits_given, "ref": ref}
    return db.execute(GRANT, values).first() is not None


GRANTED = text("SELECT partner_id, credits FROM ledger WHERE idempotency_key = :key")


@dataclass(frozen=True, slots=True)
class Granted:
    partner_id: UUID
    credits: int


def granted(db: Connection, ref: str) -> Granted | None:
    """The grant that was made under this ref."""
    return first(Granted, db.execute(GRANTED, {"key": keys.GRANT.of(ref)}))


# Only open batches hold credits. Charged is what of all that was granted is neither held nor left, so that nothing sums
# up the charges, which are one a reading. Of a partner that is not metered nothing is left, and its rows are summed up.
STANDING = text(f"""
    SELECT p.id, p.name, p.available IS NOT NULL AS metered, p.available, h.held, g.granted,
        (g.granted - h.held - coalesce(p.available, (
            SELECT coalesce(sum(l.credits), 0) FROM ledger l WHERE l.partner_id = p.id
        )))::bigint AS charged,
        (SELECT count(*) FROM orgs o WHERE o.partner_id = p.id) AS orgs
    FROM partners p CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.credits), 0)::bigint AS granted FROM ledger l
        WHERE l.partner_id = p.id AND l.entry = '{Entry.GRANT}'
    ) g CROSS JOIN LATERAL (
        SELECT coalesce(-sum(l.credits), 0)::bigint AS held FROM batches b JOIN ledger l ON l.batch_id = b.id
        WHERE {among("b.state", OPEN_BATCHES)} AND {among("l.entry", HOLDING)} AND l.partner_id = p.id
    ) h
    WHERE p.id = :partner
""")


@dataclass(frozen=True, slots=True)
class PartnerCredits:
    """Credits. `available`: None for a partner that is not metered."""

    id: UUID
    name: str
    metered: bool
    available: int | None
    held: int
    granted: int
    charged: int
    orgs: int


def partner_credits(db: Connection, partner: UUID) -> PartnerCredits | None:
    return first(PartnerCredits, db.execute(STANDING, {"partner": partner}))
