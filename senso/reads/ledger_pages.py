"""Rows of a partner's ledger, the newest first, each with the balance after it, page by page.

The balance of the newest row is what is available, so that no page sums up the rows before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.reads import id_ranges
from senso.records import UNTOLD
from senso.states import Entry, LedgerKind

LARGEST = 2**63 - 1  # a cursor that was made up may say any balance
# Of a partner that is not metered nothing is available: its rows are summed up, once for a walk through all pages.
PAGE = text(f"""
    WITH newest AS MATERIALIZED (
        SELECT coalesce(CAST(:balance AS bigint), p.available, (
            SELECT coalesce(sum(l.credits), 0) FROM ledger l WHERE l.partner_id = p.id
        )) AS balance
        FROM partners p WHERE p.id = :partner
    ),
    chosen AS MATERIALIZED (
        SELECT * FROM ledger l WHERE l.partner_id = :partner AND (CAST(:before AS bigint) IS NULL OR l.id < :before)
        ORDER BY l.id DESC LIMIT :most
    )
    SELECT l.id, l.created_at, l.entry, l.credits,
        least(greatest(n.balance - coalesce(sum(l.credits) OVER (ORDER BY l.id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), -{LARGEST}), {LARGEST})::bigint AS balance,
        l.idempotency_key, l.org_id, l.kind, l.batch_id, l.run_id, r.number AS run
    FROM newest n CROSS JOIN chosen l LEFT JOIN question_runs r ON r.id = l.run_id
    ORDER BY l.id DESC
""")


@dataclass(frozen=True, slots=True)
class Entered:
    """`credits`: signed. `balance`: after it. `run`: its number; None where it was pruned."""

    id: int = field(metadata=UNTOLD)
    created_at: datetime
    entry: Entry
    credits: int
    balance: int
    idempotency_key: str
    org_id: UUID | None
    kind: LedgerKind | None
    batch_id: UUID | None
    run_id: UUID | None
    run: int | None

    @property
    def before(self) -> int:
        """The balance before it."""
        return self.balance - self.credits


@dataclass(frozen=True, slots=True)
class Last:
    """Of a page: the id of its last row, and the balance before that row."""

    id: int
    balance: int


def page(db: Connection, partner: UUID, last: Last | None, most: int | None) -> list[Entered]:
    """`most`: None for all."""
    values = {"partner": partner, "before": last and last.id, "balance": last and last.balance, "most": most}
    return each(Entered, db.execute(PAGE, values))


# Without a balance: the rows between those that are found are not read.
FOUND = text("""
    SELECT l.id, l.created_at, l.entry, l.credits, NULL AS balance, l.idempotency_key, l.org_id, l.kind, l.batch_id,
        l.run_id, r.number AS run
    FROM ledger l LEFT JOIN question_runs r ON r.id = l.run_id
    WHERE l.partner_id = :partner AND (CAST(:entry AS text) IS NULL OR l.entry = :entry)
        AND (CAST(:batch AS uuid) IS NULL OR l.batch_id = :batch)
        AND l.id >= :low AND (CAST(:high AS bigint) IS NULL OR l.id < :high)
        AND (CAST(:begin AS timestamptz) IS NULL OR l.created_at >= :begin)
        AND (CAST(:end AS timestamptz) IS NULL OR l.created_at < :end)
    ORDER BY l.id DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """All that are set must hold. `since`, `until`: days (UTC), both included."""

    entry: Entry | None = None
    batch: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """As Entered; the balance is not known."""

    id: int
    created_at: datetime
    entry: Entry
    credits: int
    balance: None
    idempotency_key: str
    org_id: UUID | None
    kind: LedgerKind | None
    batch_id: UUID | None
    run_id: UUID | None
    run: int | None


def found(db: Connection, partner: UUID, filters: Filters, before: int | None, most: int) -> list[Found]:
    """The newest first. `before`: the id of the last row of the page before."""
    low, high = id_ranges.within(db, "ledger", filters.since, filters.until)
    bounds = [one for one in (high, before) if one is not None]
    values: dict[str, object] = {"partner": partner, "entry": filters.entry, "low": low}
    values |= {"batch": filters.batch and str(filters.batch)}
    values |= {"begin": filters.since and id_ranges.begin_of(filters.since), "most": most}
    values |= {"end": filters.until and id_ranges.end_of(filters.until), "high": min(bounds, default=None)}
    return each(Found, db.execute(FOUND, values))


ROWS = text("SELECT count(*) FROM ledger WHERE partner_id = :partner")


def latest(db: Connection, partner: UUID, most: int | None = None) -> tuple[Sequence[Entered], int]:
    """The latest rows, oldest first; and how many there are in all."""
    found = page(db, partner, None, most)[::-1]
    return found, int(db.execute(ROWS, {"partner": partner}).scalar_one())
