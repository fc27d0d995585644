"""Whether Postgres keeps what is stored. `doctor` prints every finding; `migrate`, `up` and workers stop at a fault."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from senso import schema
from senso.checks import Finding
from senso.db import transaction
from senso.errors import SensoError, Unreachable
from senso.queries import postgres_server as servers
from senso.queries.postgres_server import Server

OLDEST = 15
# The newest version that the tests have run on.
NEWEST = 18
UTF8 = "UTF8"
SESSIONS = "Postgres sessions"
# Faults that keep every process from storing anything, heartbeats included.
WRITING = ("Postgres writes", "Postgres rights", "Postgres row security")
CLOCKS_APART_SECONDS = 120
# Connections of a worker besides its pool.
FOR_ITS_HEARTBEAT = 1
SHORTEST_STATEMENT_MS = 5_000
HOW_TO_MAKE = "CREATE DATABASE senso ENCODING 'UTF8' TEMPLATE template0"
DIRECTLY = "reach Postgres directly, or give the pooler pool_mode = session"


def findings(pool_size: int) -> list[Finding]:
    """One for each requirement; only one if Postgres does not answer. `pool_size`: connections of each process."""
    try:
        with transaction() as db:
            found, current = servers.server(db), schema.revision(db)
            closed = servers.without_rights(db) if current else ()
            hidden = servers.hidden(db) if current else ()
        keeps_sessions = not found.behind_pooler or servers.keeps_sessions()
    except SensoError as error:
        return [unreachable(error)]
    local = datetime.now(UTC)
    return [
        version(found),
        encoding(found),
        pooler(found, keeps_sessions=keeps_sessions),
        writable(found),
        rights(found, current, closed),
        *row_security(found, hidden),
        durability(found),
        connections(found, pool_size),
        clock(found, local),
        session(found),
    ]


def takes_writes(found: Iterable[Finding]) -> bool:
    return not any(one.state == "fault" and one.name in WRITING for one in found)


def unreachable(error: SensoError) -> Finding:
    said = str(error).removeprefix("Postgres: ").removeprefix("DATABASE_URL: ")
    if isinstance(error, Unreachable) and servers.is_pooler_without_transactions():
        why = "nothing can be stored whole"
        return Finding(SESSIONS, "fault", "a pooler that allows no transactions", why, DIRECTLY)
    return Finding("Postgres", "fault", said, reachable=not isinstance(error, Unreachable))


def version(found: Server) -> Finding:
    name, major = "Postgres version", found.version_number // 10_000
    if major < OLDEST:
        return Finding(
            name, "fault", found.version, "its unique constraints cannot treat nulls as equal", f"use {OLDEST} or newer"
        )
    if major > NEWEST:
        return Finding(name, "note", found.version, f"not tried yet: this version knows {OLDEST} to {NEWEST}")
    return Finding(name, "ok", found.version)


def encoding(found: Server) -> Finding:
    name = "Postgres encoding"
    if found.encoding != UTF8:
        return Finding(
            name,
            "fault",
            f"{found.database} has {found.encoding}",
            "answers in other scripts cannot be stored",
            f"make one with UTF8 and name it in DATABASE_URL: {HOW_TO_MAKE}",
        )
    if found.client_encoding != UTF8:
        return Finding(
            name, "fault", f"the session has {found.client_encoding}", "answers would be stored wrongly", DIRECTLY
        )
    return Finding(name, "ok", UTF8)


def pooler(found: Server, *, keeps_sessions: bool) -> Finding:
    name = SESSIONS
    if not keeps_sessions:
        return Finding(
            name,
            "fault",
            "a pooler hands each transaction to another session",
            "prepared statements and settings are lost between two of them",
            DIRECTLY,
        )
    if found.behind_pooler:
        return Finding(name, "ok", "by a pooler that keeps them")
    return Finding(name, "ok", "directly")


def writable(found: Server) -> Finding:
    name = "Postgres writes"
    if found.in_recovery:
        said, do = "a standby that replays its primary", "let DATABASE_URL name the primary (docs/databases.md)"
    elif found.read_only:
        said, do = (
            "read-only by default_transaction_read_only",
            "set it to off where it was set, or wait for who set it",
        )
    else:
        return Finding(name, "ok", "taken")
    return Finding(name, "fault", said, "nothing can be stored", do, reachable=False)


def rights(found: Server, current: str | None, closed: object) -> Finding:
    """Before a migration, the right to create tables; after it, the right to use them."""
    name = "Postgres rights"
    if found.schema is None:
        return Finding(
            name,
            "fault",
            f"search_path is {found.search_path}",
            "none of its schemas is there for this user",
            "CREATE SCHEMA, or correct search_path in DATABASE_URL",
        )
    where = f"the schema {found.schema} of {found.database}"
    if current != schema.head_revision() and not found.may_create:
        do = f"GRANT CREATE, USAGE ON SCHEMA {found.schema} TO {found.user}, or let its owner run: senso migrate"
        return Finding(name, "fault", f"{found.user} may not create tables in {where}", "", do)
    if closed:
        do = f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {found.schema} TO {found.user}"
        return Finding(name, "fault", f"{found.user} may not use all tables of {where}", "", do)
    return Finding(name, "ok", f"{found.user} in {where}")


def row_security(found: Server, hidden: Sequence[str]) -> list[Finding]:
    """Some hosts enable it for every new table: existing rows are then invisible, and new ones are refused."""
    if not hidden:
        return []
    some = f"{hidden[0]} and {len(hidden) - 1} more" if len(hidden) > 1 else hidden[0]
    why = f"{found.user} sees no rows of it, or not all"
    do = f"ALTER TABLE ... DISABLE ROW LEVEL SECURITY, or ALTER ROLE {found.user} BYPASSRLS"
    return [Finding("Postgres row security", "fault", f"on for {some}", why, do)]


def durability(found: Server) -> Finding:
    off = [name for name in ("fsync", "full_page_writes") if not getattr(found, name)]
    off += ["synchronous_commit"] if found.synchronous_commit == "off" else []
    if off:
        why = "a power cut may lose answers that were paid for, and charges"
        return Finding("Postgres durability", "warning", f"{', '.join(off)} is off", why, "set it to on")
    return Finding("Postgres durability", "ok", "every commit reaches the disk")


def connections(found: Server, pool_size: int, cores: int | None = None) -> Finding:
    """For `senso up` on a machine like this: one call worker per core, the control worker, and some for commands."""
    name = "Postgres connections"
    wanted = (pool_size + FOR_ITS_HEARTBEAT) * ((cores or os.cpu_count() or 1) + 1)
    if found.connections < wanted:
        why = f"the workers of this machine alone open up to {wanted}"
        return Finding(
            name, "warning", f"{found.connections} allowed", why, "raise max_connections or the role's limit"
        )
    return Finding(name, "ok", f"{found.connections} allowed")


def clock(found: Server, local: datetime) -> Finding:
    apart = (found.now - local).total_seconds()
    said = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} this machine's clock"
    if abs(apart) > CLOCKS_APART_SECONDS:
        why = "the day of a batch is this machine's, deadlines are Postgres's"
        return Finding("Postgres clock", "warning", said, why, "set both by NTP")
    return Finding("Postgres clock", "ok", "as this machine's" if abs(apart) < 1 else said)


def session(found: Server) -> Finding:
    """The settings of every session; this also detects a pooler that loses them."""
    name = "Postgres session"
    if (found.timezone, found.plans) != ("UTC", "force_generic_plan"):
        why = "a pooler or a trigger at login has changed it"
        return Finding(name, "fault", f"time zone {found.timezone}, plans {found.plans}", why, DIRECTLY)
    if 0 < found.statement_timeout_ms < SHORTEST_STATEMENT_MS:
        why = "the end of a large batch takes longer than that"
        do = "leave statement_timeout out of DATABASE_URL"
        return Finding(name, "warning", f"statement_timeout {found.statement_timeout_ms} ms", why, do)
    return Finding(name, "ok", "as it is wanted")
