"""Connections of this process to Postgres, its transactions, and what ends them."""

import os
import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from senso import postgres_errors, publishing, storable_text, supplied
from senso.errors import ConfigError, Unreachable
from senso.settings.databases import parameters, settings_in

__all__ = [
    "Connection",
    "DBAPIError",
    "Engine",
    "Link",
    "at_once",
    "connect",
    "engine",
    "looking",
    "may_pass",
    "read_engine",
    "rows",
    "transaction",
]

# Promises depend on these, so they override a URL, a role or a database. force_generic_plan: Postgres plans once per
# connection, not five times first. enable_seqscan: a plan made on the first run of a night, while a table is small,
# would scan that table for every later run. Row locks and the count-down rely on READ COMMITTED.
ALWAYS = {
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "default_transaction_isolation": "read committed",
}
# A statement that hangs must not hold a worker's slot for ever: threads cannot be killed from outside. `options` in
# DATABASE_URL override these limits.
DEFAULT_SETTINGS = {"statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}
# Sent after a session has opened, not as connection options: options from a URL, PGOPTIONS or a service file stay as
# they are, and a pooler that accepts no options needs no setting for ours.
SETTLE = """
    SELECT set_config(name, value, false)
    FROM unnest(%(names)s, %(values)s, %(always)s) AS ours(name, value, always) JOIN pg_settings USING (name)
    WHERE always OR source <> 'client'
"""
LOST = """
    SELECT name FROM pg_settings WHERE lower(name) = ANY(%(names)s) AND source NOT IN ('client', 'session')
"""
OURS = {
    "names": [*ALWAYS, *DEFAULT_SETTINGS],
    "values": [*ALWAYS.values(), *DEFAULT_SETTINGS.values()],
    "always": [True] * len(ALWAYS) + [False] * len(DEFAULT_SETTINGS),
}
# A peer that vanished without closing the connection is detected after about 20 s; the kernel would need 15 minutes.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
NAMED = {"fallback_application_name": "senso"}
# Overrides a URL and PGCLIENTENCODING: answers are in every script.
ENCODED = {"client_encoding": "UTF8"}
# Keys in the `info` of a pooled connection, which is dropped with it.
RESTED = "senso rested"
MADE_AT = "senso made at"


def connect(url: str, *, pool_size: int) -> Engine:
    """All connections are kept open: opening one costs more CPU than fifty statements, on both sides.

    The pool is LIFO: a few connections stay warm and the others stay idle.
    """
    storable_text.install()
    made = create_engine(
        "postgresql+psycopg2://",
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=20,
        pool_recycle=1800,
        hide_parameters=True,  # parameters hold answers, and error texts end up in logs
        connect_args=arguments(url),
    )
    event.listen(made, "connect", partial(settle, expected=settings_in(given_options(url))))
    event.listen(made, "checkout", refuse_closed)
    return made


def arguments(url: str) -> dict[str, Any]:
    """Connection arguments for psycopg2. Raises ValueError as `parameters` does."""
    return NAMED | PATIENCE | parameters(url) | ENCODED


def given_options(url: str) -> str:
    return parameters(url).get("options") or os.environ.get("PGOPTIONS", "")


def settle(connection: Any, record: Any, expected: Sequence[str]) -> None:
    """Raises ConfigError if the user's session options were dropped: these may select the tables (`search_path`)."""
    record.info[MADE_AT] = time.monotonic()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, OURS)
        dropped = lost_of(cursor, expected) if expected else []
    connection.autocommit = False
    if dropped:
        connection.close()
        raise ConfigError(
            f"DATABASE_URL: a pooler drops its options ({', '.join(dropped)}); take options out of its "
            "ignore_startup_parameters, and out of the URL: ALTER ROLE ... SET does the same"
        )


def lost_of(cursor: Any, expected: Sequence[str]) -> list[str]:
    cursor.execute(LOST, {"names": expected})
    return [name for (name,) in cursor.fetchall()]


class Trust:
    """Sessions opened before `since` (monotonic) may be on a server that is no longer the primary."""

    since = 0.0


trust = Trust()


def refuse_closed(connection: Any, record: Any, *_: Any) -> None:
    """Replaces connections that Postgres closed when it restarted, without a ping before each statement.

    A server that shuts down closes its end, which makes the idle socket readable; nothing else does. A connection that
    was opened for this checkout is not checked: if it were refused too, SQLAlchemy would give up and raise its own
    error instead of the server's.
    """
    if not record.info.get(RESTED):
        record.info[RESTED] = True
        return
    if not connection.closed and record.info[MADE_AT] >= trust.since:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if not waiting.poll(0):
            return
    raise InvalidatePoolError


@lru_cache(maxsize=1)
def engine() -> Engine:
    found = supplied.database()
    return connect(found.url, pool_size=found.pool_size)


def read_engine() -> Engine:
    """Of the Postgres that serves reads, where there is one; it may lag behind the other."""
    found = supplied.read_database()
    return engine() if found is None else engine_of(found)


@lru_cache(maxsize=1)
def engine_of(found: supplied.Database) -> Engine:
    return connect(found.url, pool_size=found.pool_size)


# What a statement is sent through: a transaction, or a connection in autocommit mode.
Bare = PoolProxiedConnection  # a connection of `at_once`
Link = Connection | Bare


@contextmanager
def transaction(of: Engine | None = None) -> Iterator[Connection]:
    """Commits when the block ends, rolls back when it raises. Raises Unreachable when Postgres is not available.

    What was enqueued in the block is published after the commit.

    A DBAPIError is the statement's fault: a retry will never succeed. Never hold a transaction open during a slow call:
    while it waits for a provider, no other thread can use its connection.
    """
    with reachable(), (of or engine()).begin() as connection:
        enqueued = publishing.begin(connection.info)
        yield connection
    publishing.publish(enqueued)


# Reports want what ALWAYS turns off for the hot path: sequential scans, and plans for the actual values.
LOOK = text("""
    SELECT set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'auto', true),
        set_config('transaction_read_only', 'on', true)
""")


@contextmanager
def looking(of: Engine | None = None) -> Iterator[Connection]:
    """A read-only transaction with Postgres's default planning, for example for a report; writes are refused.

    Not for worker processes: a statement prepared here keeps its plan for the life of the connection.
    """
    with transaction(of) as connection:
        connection.execute(LOOK)
        yield connection


@contextmanager
def at_once() -> Iterator[PoolProxiedConnection]:
    """A connection in autocommit mode, for a single statement: one round trip instead of three with BEGIN and COMMIT.

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


@contextmanager
def together(link: PoolProxiedConnection) -> Iterator[None]:
    """A transaction on a connection of `at_once`, for statements that belong together; nothing is enqueued in it."""
    driver = link.driver_connection
    assert driver is not None  # noqa: S101  it is checked out
    driver.autocommit = False
    try:
        yield
        driver.commit()
    except BaseException:
        if not driver.closed:
            driver.rollback()
        raise
    finally:
        if not driver.closed:
            driver.autocommit = True


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
        if postgres_errors.is_wrong_setting(error.orig):
            raise ConfigError(f"DATABASE_URL: {postgres_errors.said(error.orig).partition('; is it')[0]}") from None
        if postgres_errors.is_stale(error.orig):
            trust.since = time.monotonic()
        if not may_pass(error):
            raise
        raise Unreachable(f"Postgres: {postgres_errors.said(error.orig)}") from error


def may_pass(error: DBAPIError) -> bool:
    """Whether the same statement may succeed later; it must be False for a value that can never be stored."""
    return postgres_errors.may_pass(error.orig, lost=error.connection_invalidated)


def rows(result: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in result.mappings()]
