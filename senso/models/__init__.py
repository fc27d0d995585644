"""The tables: promises are kept here first, by keys and checks, and only then by code.

A column is written down here for code and once more in the migration that makes it, which stands for itself. Migrations
are made from the difference (`alembic/env.py` hands Alembic this metadata), and a test holds that a migrated database
has these columns, checks and indexes. Code reads and writes rows by the statements of `senso.queries`, where Postgres
knows the types of columns; a dataclass there holds what a statement returns, not what a table has.

Ids of batches, runs and evaluations come from `senso.matrix.dated_id`: the same natural key gives the same id, so an
insert is idempotent by its primary key, and ids sort by date.
"""

from senso.models import ledger, results, sending, watched, work
from senso.models.base import Base

__all__ = ["Base", "ledger", "results", "sending", "watched", "work"]
