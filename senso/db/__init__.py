"""Postgres: the engine and its transactions, statements, leases, keys and bulk values.

connections  the engine, transactions, and which errors pass
statement    statements that are prepared once a connection
bulk         many rows as one JSON value
typed        a row as a dataclass
keys         idempotency keys
lease        claiming a row, and what becomes of the claim
planner      what statements say for the planner alone
"""

from senso.db.connections import (
    Connection,
    DBAPIError,
    Engine,
    Link,
    at_once,
    connect,
    engine,
    looking,
    may_pass,
    rows,
    transaction,
)

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
