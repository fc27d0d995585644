"""Rows of a partner's ledger, the newest first, each with the balance after it, page by page.

The balance of the newest row is what is available, so that no page sums up the rows before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.records import UNTOLD
from senso.states import Entry, LedgerKind

# Of a partner that is not metered nothing is available: its rows are summed up, once for a walk through all pages.
PAGE = text("""
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
        (n.balance - coalesce(sum(l.credits) OVER (ORDER BY l.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            0))::bigint AS balance,
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


ROWS = text("SELECT count(*) FROM ledger WHERE partner_id = :partner")


def latest(db: Connection, partner: UUID, most: int | None = None) -> tuple[Sequence[Entered], int]:
    """The latest rows, oldest first; and how many there are in all."""
    found = page(db, partner, None, most)[::-1]
    return found, int(db.execute(ROWS, {"partner": partner}).scalar_one())
