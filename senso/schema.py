"""Which schema this code needs, and which the database has.

Does not import Alembic: that takes a quarter of a second, and every command checks the schema.
"""

import re
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, text

from senso.db import transaction
from senso.errors import ConfigError

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "packaged"
NAMED = re.compile(r'^(revision|down_revision) = (?:"(\w+)"|None)$', re.MULTILINE)
REVISION = text("SELECT version_num FROM alembic_version")
# Only in the schema where tables are created, the first of `search_path` that exists: a later one may not be ours.
HAS_REVISION = text("SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version') IS NOT NULL")
HAS_TABLES = text("""
    SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version') IS NOT NULL
        AND to_regclass(quote_ident(current_schema()) || '.batches') IS NOT NULL
""")
CURRENT_SCHEMA = text("SELECT current_schema()")


def folder() -> Path:
    """The migrations of the checkout, or the copy that an installed wheel carries."""
    found = CHECKOUT / "alembic"
    return found if (found / "env.py").exists() else PACKAGED / "alembic"


@lru_cache(maxsize=1)
def revisions() -> dict[str, str | None]:
    """Each revision and the one before it."""
    return dict(map(revision_of, (folder() / "versions").glob("*.py")))


def revision_of(migration: Path) -> tuple[str, str | None]:
    """Reads the two lines that every migration has; importing or parsing the module takes ten times as long."""
    named = {found[1]: found[2] for found in NAMED.finditer(migration.read_text())}
    return named["revision"], named["down_revision"]


def head_revision() -> str:
    (head,) = revisions().keys() - revisions().values()
    return head


def revision(connection: Connection) -> str | None:
    """None if no migration has run. Raises ConfigError if a restore was not finished."""
    if not connection.execute(HAS_REVISION).scalar_one():
        return None
    found: str | None = connection.execute(REVISION).scalar_one_or_none()
    if found is None and is_half_restored(connection):
        raise ConfigError("a restore into this database was not finished; begin it again: senso restore FILE")
    return found


def is_half_restored(connection: Connection) -> bool:
    """Whether there are tables, and no revision: the transaction that ends a restore writes it."""
    if not connection.execute(HAS_TABLES).scalar_one():
        return False
    return connection.execute(REVISION).scalar_one_or_none() is None


def current_schema(connection: Connection) -> str | None:
    """The schema where tables are created; None if `search_path` names no existing schema."""
    return connection.execute(CURRENT_SCHEMA).scalar_one()  # type: ignore[no-any-return]


def refuse_newer(current: str | None) -> None:
    if current is not None and current not in revisions():
        raise ConfigError(f"the database is at revision {current}, which this version does not know; upgrade senso")


def is_head() -> bool:
    """Raises ConfigError when the schema is newer than this code."""
    with transaction() as connection:
        current = revision(connection)
    refuse_newer(current)
    return current == head_revision()


def require_head() -> None:
    """Raises ConfigError when the schema is missing, older or newer than this code."""
    with transaction() as connection:
        current = revision(connection)
    refuse_newer(current)
    if current != head_revision():
        stands = f"is at revision {current}" if current else "has no tables yet"
        raise ConfigError(f"the database {stands}; run: senso migrate")
