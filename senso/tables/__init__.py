"""The tables. Promises are enforced here first, by keys and CHECK constraints, and only then by code.

A column is declared here for code, and again in the migration that creates it, which is self-contained. Migrations are
generated from the difference (`alembic/env.py` passes this metadata to Alembic), and a test verifies that a migrated
database has these columns, checks and indexes. Code reads and writes rows with the statements of `senso.queries`, where
Postgres knows the column types; a dataclass there holds what a statement returns, not a table's columns.

Ids of batches, runs and evaluations come from `senso.matrix.dated_id`: the same natural key gives the same id, so an
insert is idempotent by its primary key, and ids sort by date.
"""

from senso.tables import (
    alarms,
    ledger,
    limits,
    live,
    messages,
    orgs,
    rereadings,
    results,
    stops,
    tokens,
    totals,
    webhooks,
    work,
)
from senso.tables.base import Base

__all__ = [
    "Base", "alarms", "ledger", "limits", "live", "messages", "orgs", "rereadings", "results", "stops", "tokens",
    "totals", "webhooks", "work",
]  # fmt: skip
