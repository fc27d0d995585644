"""Rows of the comparisons of the ledger with the work: when, of what, and what they found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.bulk import as_json
from senso.db.typed import first
from senso.records import record

LAST = text("""
    SELECT ran_at, since, count, accepted IS NOT NULL AND count = jsonb_array_length(differences) AS accepted
    FROM reconciliations WHERE is_whole ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Last:
    """`since`: None if it looked at everything. `accepted`: all of its differences are known."""

    ran_at: datetime
    since: datetime | None
    count: int
    accepted: bool

    @property
    def is_settled(self) -> bool:
        return self.accepted or not self.count


def last(db: Connection) -> Last | None:
    """The latest one of all partners that left no gap to the one before it."""
    return first(Last, db.execute(LAST))


DONE = text("SELECT EXISTS (SELECT FROM reconciliations WHERE day = :day)")


def is_done(db: Connection, day: date) -> bool:
    return bool(db.execute(DONE, {"day": day}).scalar_one())


# The schedule asks every few minutes, and a comparison of a large ledger may take longer.
TURN = text("SELECT pg_try_advisory_xact_lock(7230159)")


def take_turn(db: Connection) -> bool:
    """False while another transaction compares for the schedule."""
    return bool(db.execute(TURN).scalar_one())


INSERT = text("""
    INSERT INTO reconciliations (ran_at, by, day, since, partner_id, is_whole, differences, count, accepted)
    VALUES (:ran_at, :by, :day, :since, :partner, :is_whole, CAST(:differences AS jsonb), :count, :accepted)
    ON CONFLICT (day) DO NOTHING
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Row:
    """`ran_at`: the moment of the database that was read. The others as in `senso.tables.ledger.Reconciliation`."""

    ran_at: datetime
    by: str
    day: date | None
    since: datetime | None
    partner: UUID | None
    is_whole: bool
    differences: Sequence[dict[str, Any]]
    count: int
    accepted: str | None


def insert(db: Connection, row: Row) -> bool:
    """False if the schedule has made one of that day before."""
    values = record(row) | {"differences": as_json(row.differences)}
    return db.execute(INSERT, values).first() is not None


NOW = text("SELECT now()")


def now(db: Connection) -> datetime:
    found: datetime = db.execute(NOW).scalar_one()
    return found
