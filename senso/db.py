import select
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from senso.errors import ConfigError, Unreachable
from senso.settings import secret, settings

__all__ = [
    "Connection",
    "DBAPIError",
    "Engine",
    "Link",
    "at_once",
    "connect",
    "engine",
    "may_pass",
    "rows",
    "transaction",
]

# A call that hangs in the database must not hold a worker's slot for ever: threads cannot be killed from outside.
# What is prepared is asked by key: its plan is made once a connection, and not five times over before it is kept. Made
# on the first run of a night, while a table is small, it would read that table from end to end for each run after it.
CONNECTION_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
)
# A peer that is gone without a word is noticed after some 20 s, not a quarter of an hour later by the kernel.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
# SQLSTATE classes that say something about the server or the moment, and nothing about the statement: connection,
# rolled back, resources, operator intervention, a lock that was not to be had, and a plan older than a migration.
PASSING = ("08", "40", "53", "57", "55P03", "0A000")
# In the notes of a pooled connection, which go with it.
RESTED = "senso rested"


def connect(url: str, *, pool_size: int = 10) -> Engine:
    """All connections are kept: one that is opened for a moment costs more CPU than fifty statements, on both sides.

    The one used last is used next, so that few are warm and the others rest.
    """
    made = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=20,
        pool_recycle=1800,
        hide_parameters=True,  # they hold answers, and an error's text ends up in logs
        connect_args={"options": CONNECTION_OPTIONS, "application_name": "senso", **PATIENCE},
    )
    event.listen(made, "checkout", refuse_closed)
    return made


def refuse_closed(connection: Any, record: Any, *_: Any) -> None:
    """Survives a restart of Postgres without asking it before each statement whether it is there.

    A server that goes closes its end, and that can be read here; nobody writes to a connection at rest but to say so.
    One that was opened this moment is not looked at: closed too, it would be no error of the server's any more, but
    one of SQLAlchemy's that has given up.
    """
    if not record.info.get(RESTED):
        record.info[RESTED] = True
        return
    if not connection.closed:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if not waiting.poll(0):
            return
    raise InvalidatePoolError


@lru_cache(maxsize=1)
def engine() -> Engine:
    return connect(secret(settings().database_url, "DATABASE_URL"))


# What a statement is sent through: a transaction, or a connection on which each statement is one by itself.
Link = Connection | PoolProxiedConnection


@contextmanager
def transaction() -> Iterator[Connection]:
    """Commits when the block ends, rolls back when it raises. Raises Unreachable when Postgres is not there.

    A DBAPIError that comes out is about the statement: the same one will never succeed. Never held open during a slow
    call: a connection that waits for a provider is one that nobody else has.
    """
    with reachable(), engine().begin() as connection:
        yield connection


@contextmanager
def at_once() -> Iterator[PoolProxiedConnection]:
    """For a statement that is a transaction by itself: one round trip, where BEGIN and COMMIT would make three.

    Only for a `Prepared`. Raises Unreachable as `transaction` does.
    """
    with reachable():
        connection = opened()
        try:
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            yield connection
        finally:
            if connection.driver_connection.closed:  # type: ignore[union-attr]
                connection.invalidate()
            else:
                connection.driver_connection.autocommit = False  # type: ignore[union-attr]
                connection.close()


def opened() -> PoolProxiedConnection:
    try:
        return engine().raw_connection()
    except psycopg2.Error as error:
        raise DBAPIError.instance("", {}, error, psycopg2.Error, hide_parameters=True) from error


@contextmanager
def reachable() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unreachable("Postgres: no connection became free in time") from error
    except DBAPIError as error:
        if str(error.orig).startswith("invalid dsn"):
            raise ConfigError(f"DATABASE_URL: {first_line(error).removeprefix('invalid dsn: ')}") from None
        if not may_pass(error):
            raise
        raise Unreachable(f"Postgres: {first_line(error)}{what_to_look_at(error)}") from error


def may_pass(error: DBAPIError) -> bool:
    """Whether the same statement may succeed a moment later; one that can never be stored must not look like that."""
    state = getattr(error.orig, "pgcode", None)
    if state is None:
        return error.connection_invalidated or type(error.orig).__name__ in {"OperationalError", "InterfaceError"}
    return str(state).startswith(PASSING)


def what_to_look_at(error: DBAPIError) -> str:
    """Only where nobody answered as a server does: a lock that was not to be had says nothing about the address."""
    answered = getattr(error.orig, "pgcode", None) is not None
    return "" if answered else "; is it running, and is DATABASE_URL right?"


def first_line(error: DBAPIError) -> str:
    """psycopg2 repeats host and port over several lines; a password is in none of them."""
    return str(error.orig).strip().splitlines()[0]


def rows(result: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in result.mappings()]
