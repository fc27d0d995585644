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

from senso import characters, outages, publishing, supplied
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
    "rows",
    "transaction",
]

# Promises rest on these, whatever a URL, a role or a database says: a plan is made once a connection, and not five
# times over before it is kept; made on the first run of a night, while a table is small, it would read that table from
# end to end for each run after it. Rows are locked and counted down as READ COMMITTED does it.
ALWAYS = {
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "default_transaction_isolation": "read committed",
}
# A call that hangs in the database must not hold a worker's slot for ever: threads cannot be killed from outside. Who
# gives other limits in DATABASE_URL (`options`) gets them.
UNLESS_GIVEN = {"statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}
# Said once a session is open, and not while it opens: so the options of a URL, of PGOPTIONS and of a service file stay
# as they are, and a pooler, which lets no options pass, needs no setting for ours.
SETTLE = """
    SELECT set_config(name, value, false)
    FROM unnest(%(names)s, %(values)s, %(always)s) AS ours(name, value, always) JOIN pg_settings USING (name)
    WHERE always OR source <> 'client'
"""
LOST = """
    SELECT name FROM pg_settings WHERE lower(name) = ANY(%(names)s) AND source NOT IN ('client', 'session')
"""
OURS = {
    "names": [*ALWAYS, *UNLESS_GIVEN],
    "values": [*ALWAYS.values(), *UNLESS_GIVEN.values()],
    "always": [True] * len(ALWAYS) + [False] * len(UNLESS_GIVEN),
}
# A peer that is gone without a word is noticed after some 20 s, not a quarter of an hour later by the kernel.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
NAMED = {"fallback_application_name": "senso"}
# Whatever a URL or PGCLIENTENCODING says: answers are in every script.
ENCODED = {"client_encoding": "UTF8"}
# In the notes of a pooled connection, which go with it.
RESTED = "senso rested"
MADE_AT = "senso made at"


def connect(url: str, *, pool_size: int) -> Engine:
    """All connections are kept: one that is opened for a moment costs more CPU than fifty statements, on both sides.

    The one used last is used next, so that few are warm and the others rest.
    """
    characters.install()
    made = create_engine(
        "postgresql+psycopg2://",
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=20,
        pool_recycle=1800,
        hide_parameters=True,  # they hold answers, and an error's text ends up in logs
        connect_args=arguments(url),
    )
    event.listen(made, "connect", partial(settle, expected=settings_in(given_options(url))))
    event.listen(made, "checkout", refuse_closed)
    return made


def arguments(url: str) -> dict[str, Any]:
    """As psycopg2 takes them. Raises ValueError as `parameters` does."""
    return NAMED | PATIENCE | parameters(url) | ENCODED


def given_options(url: str) -> str:
    return parameters(url).get("options") or os.environ.get("PGOPTIONS", "")


def settle(connection: Any, record: Any, expected: Sequence[str]) -> None:
    """Raises ConfigError where what a user sets for a session has been dropped: it may say which tables are meant."""
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
    """Sessions that were opened before `since` (monotonic) may be on a server that is no primary any more."""

    since = 0.0


trust = Trust()


def refuse_closed(connection: Any, record: Any, *_: Any) -> None:
    """Survives a restart of Postgres without asking it before each statement whether it is there.

    A server that goes closes its end, and that can be read here; nobody writes to a connection at rest but to say so.
    One that was opened this moment is not looked at: closed too, it would be no error of the server's any more, but
    one of SQLAlchemy's that has given up.
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


# What a statement is sent through: a transaction, or a connection on which each statement is one by itself.
Link = Connection | PoolProxiedConnection


@contextmanager
def transaction(of: Engine | None = None) -> Iterator[Connection]:
    """Commits when the block ends, rolls back when it raises. Raises Unreachable when Postgres is not there.

    What was enqueued in the block is published after the commit.

    A DBAPIError that comes out is about the statement: the same one will never succeed. Never held open during a slow
    call: a connection that waits for a provider is one that nobody else has.
    """
    with reachable(), (of or engine()).begin() as connection:
        enqueued = publishing.begin(connection.info)
        yield connection
    publishing.publish(enqueued)


# What the hot path avoids (ALWAYS), and a report wants: a table read from end to end, a plan for these very values.
LOOK = text("""
    SELECT set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'auto', true),
        set_config('transaction_read_only', 'on', true)
""")


@contextmanager
def looking() -> Iterator[Connection]:
    """A transaction of whoever only looks, such as a report: Postgres plans as it likes, and refuses every write.

    Not in a process that works off runs: what is prepared here keeps its plan for the life of the connection.
    """
    with transaction() as connection:
        connection.execute(LOOK)
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
        if outages.is_wrong_setting(error.orig):
            raise ConfigError(f"DATABASE_URL: {outages.said(error.orig).partition('; is it')[0]}") from None
        if outages.is_stale(error.orig):
            trust.since = time.monotonic()
        if not may_pass(error):
            raise
        raise Unreachable(f"Postgres: {outages.said(error.orig)}") from error


def may_pass(error: DBAPIError) -> bool:
    """Whether the same statement may succeed a moment later; one that can never be stored must not look like that."""
    return outages.may_pass(error.orig, lost=error.connection_invalidated)


def rows(result: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in result.mappings()]
