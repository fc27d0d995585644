"""Postgres: the engine and its transactions, statements, leases, keys and bulk values.

connections  the engine, transactions, and which errors are transient
statement    statements that are prepared once per connection
bulk         many rows as one JSON value
typed        a row as a dataclass
keys         idempotency keys
lease        claiming a row, and how a claim ends
planner      SQL that exists only for the query planner
"""

from senso.db.connections import (
    Bare,
    Connection,
    DBAPIError,
    Engine,
    Link,
    at_once,
    connect,
    engine,
    looking,
    may_pass,
    read_engine,
    rows,
    together,
    transaction,
)

__all__ = [
    "Bare",
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
    "together",
    "transaction",
]
