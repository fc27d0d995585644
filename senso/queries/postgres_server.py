"""Properties of the Postgres server and our rights on it, for the checks that decide whether it is suitable."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from sqlalchemy import Connection, text

from senso import supplied
from senso.db import at_once, rows
from senso.db.connections import arguments


@dataclass(frozen=True, slots=True)
class Server:
    """`schema`: where tables are created; None if `search_path` names no existing one. `now`: the server's clock."""

    version: str
    version_number: int
    database: str
    encoding: str
    client_encoding: str
    timezone: str
    plans: str
    user: str
    search_path: str
    schema: str | None
    may_create: bool
    in_recovery: bool
    read_only: bool
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    connections: int
    statement_timeout_ms: int
    now: datetime
    backend: int
    greeted_by: int  # the backend process that the server named when the connection was opened

    @property
    def behind_pooler(self) -> bool:
        """A pooler names an invented backend process, because it assigns a client to changing ones."""
        return self.backend != self.greeted_by


SERVER = text("""
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_number,
        current_database() AS database, current_setting('server_encoding') AS encoding,
        current_setting('client_encoding') AS client_encoding, current_setting('TimeZone') AS timezone,
        coalesce(current_setting('plan_cache_mode', true), '') AS plans,
        current_user AS user, current_setting('search_path') AS search_path, current_schema() AS schema,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
        pg_is_in_recovery() AS in_recovery, current_setting('transaction_read_only')::bool AS read_only,
        current_setting('fsync')::bool AS fsync, current_setting('full_page_writes')::bool AS full_page_writes,
        current_setting('synchronous_commit') AS synchronous_commit,
        (SELECT min(allowed) FROM (VALUES
            (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int),
            ((SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)),
            ((SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))
        ) AS limits (allowed)) AS connections,
        (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout_ms,
        clock_timestamp() AS now, pg_backend_pid() AS backend
""")


def server(db: Connection) -> Server:
    (found,) = rows(db.execute(SERVER))
    driver: Any = db.connection.driver_connection
    return Server(**found, greeted_by=driver.info.backend_pid)


WITHOUT_RIGHTS = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relname = ANY(:tables) AND NOT (
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
    )
    ORDER BY c.relname
""")


def our_tables() -> list[str]:
    """Imported only here: their classes are a fifth of what the start of a worker would import."""
    from senso.tables import Base  # noqa: PLC0415

    return list(Base.metadata.tables)


def without_rights(db: Connection) -> Sequence[str]:
    """Our tables that the connected role may not read and write."""
    return db.execute(WITHOUT_RIGHTS, {"tables": our_tables()}).scalars().all()


HIDDEN = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relname = ANY(:tables)
        AND row_security_active(c.oid)
    ORDER BY c.relname
""")


def hidden(db: Connection) -> Sequence[str]:
    """Our tables of which row-level security shows the connected role only some rows, or none."""
    return db.execute(HIDDEN, {"tables": our_tables()}).scalars().all()


def is_pooler_without_transactions() -> bool:
    """For a server that just refused a transaction: whether a backend other than the one it named answers statements.

    Does not use the engine, which begins with a transaction.
    """
    try:
        connection = psycopg2.connect(**arguments(supplied.database().url))
        with closing(connection):
            connection.autocommit = True
            return asked(connection) != int(connection.info.backend_pid)
    except psycopg2.Error:
        return False


LOOKS = 3
BACKEND = "SELECT pg_backend_pid()"


def keeps_sessions() -> bool:
    """Whether a client of this pooler keeps one Postgres session for as long as it is connected (session pooling).

    While one client is in a transaction, and so has a session to itself, the other client must keep its own.
    """
    with at_once() as one, at_once() as other:
        mine: Any = one.driver_connection
        theirs: Any = other.driver_connection
        seen = set()
        for _ in range(LOOKS):
            seen.add(asked(mine))
            theirs.autocommit = False
            taken = asked(theirs)
            seen.add(asked(mine))
            theirs.rollback()
            theirs.autocommit = True
            if taken in seen:
                return False
    return len(seen) == 1


def asked(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(BACKEND)
        (found,) = cursor.fetchone()
    return int(found)
