"""Whether a Postgres error is permanent (the statement's fault) or transient (the server, at this moment).

A statement with a permanent error will never succeed. A transient error is waited out: results that were paid for are
saved afterwards, and no call is made meanwhile. An error that is not known to be the statement's fault counts as
transient: a lease bounds the wait, but a result that is wrongly given up is paid for again.
"""

import re
from typing import Final

import psycopg2

# SQLSTATE classes that are the fault of the statement or its values on any server: values that do not fit (22, 23, 44,
# 54), wrong SQL (42), and errors in a function or a cursor of ours.
# Not listed, and so transient:
#   08      the connection, including a pooler's own errors
#   0A000   a plan older than a migration ("cached plan must not change result type")
#   25      a server or a session that is read-only (25006: a failover, a standby, a full disk at some hosts), or a
#           transaction that idled for too long
#   26      a prepared statement that was lost with its session, which a pooler has replaced
#   28, 3D  authorization and database: during a restore the role and the database may be missing
#   3F      the schema, which may be missing during a restore
#   40      rolled back because of another transaction
#   53, 57, 58, 72   resources, operators (restarts, timeouts), the machine, a snapshot too old
#   55      a lock that was not available, an object in use, a recovery under way
#   F0, HV, XX   a server that is misconfigured or damaged; poolers use XX000 for their own errors
OF_THE_STATEMENT: Final = (
    *("09", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24", "27", "2F", "34", "38", "39", "3B"),
    *("42", "44", "54", "P0"),
)
# Exceptions in these classes: our statements worked before, so they can meet these only during a restore, while rights
# change, or behind a pooler. 42P05: the session is not new.
PASSING: Final = ("42501", "42P01", "42P05")
# Also the server's fault, but with the SQLSTATE of a value that is too long (54000).
OUT_OF_NUMBERS: Final = "wraparound"
# A session with one of these errors may return it for ever: it is on a former primary, is a pooler's session without
# our settings, or has an outdated plan. The next caller gets a new session, which connects to the current primary.
STALE: Final = ("0A", "25", "26", "28", "3D", "3F", "42501", "42P01", "42P05", "58", "XX")
# Errors that the driver raises for what it was given, without an answer from the server.
OF_A_VALUE: Final = (psycopg2.DataError, psycopg2.ProgrammingError, psycopg2.NotSupportedError)
WRONG_SETTING: Final = re.compile(
    r"invalid dsn|^invalid .* value|certificate file|private key file|definition of service|service file|must specify"
    r"|could not match \d+|weak sslmode"
    r"|unrecognized configuration parameter|invalid value for parameter|invalid command-line argument"
    r"|permission denied to set parameter|unsupported startup parameter"
)
HINTS: Final = (
    (r"unsupported startup parameter", "this pooler lets no options pass: ALTER ROLE ... SET does the same"),
    (r"starting up|shutting down|recovery mode|(?:not yet|not) accepting connections", "wait a moment"),
    (r"too many clients|connection slots|too many connections|max_client_conn", "end other sessions, or allow more"),
    (r"read-only", "a failover passes; else let DATABASE_URL name the primary"),
    (r"SSL was required|SSL required|no encryption|certificate", "sslmode in DATABASE_URL says what is asked for"),
    (r"permission denied", "docs/databases.md lists the rights that it needs"),
    (r"No space left", "make room on its disk"),
    (r"relation .* does not exist", "senso doctor says what is missing"),
)


def may_pass(error: BaseException | None, *, lost: bool = False) -> bool:
    """Whether the same statement may succeed later. `lost`: the connection was lost with it."""
    state = state_of(error)
    if state is None:
        return lost or not isinstance(error, OF_A_VALUE)
    if OUT_OF_NUMBERS in str(error):
        return True
    return state in PASSING or not state.startswith(OF_THE_STATEMENT)


def is_stale(error: BaseException | None) -> bool:
    return (state_of(error) or "").startswith(STALE)


def state_of(error: BaseException | None) -> str | None:
    """None if no server answered, or if one refused the connection: the driver does not report the state then."""
    state = getattr(error, "pgcode", None)
    return None if state is None else str(state)


def is_wrong_setting(error: BaseException | None) -> bool:
    return state_of(error) is None and bool(WRONG_SETTING.search(str(error)))


def said(error: BaseException | None) -> str:
    """The error in one line, with advice. libpq names each server that it tried; its messages contain no password."""
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    tried = [line for line in lines if line.startswith("connection to server")]
    words = "; ".join(dict.fromkeys(tried)) or lines[0]
    return f"{words}{hint(error, words)}"


def hint(error: BaseException | None, words: str) -> str:
    """The address is questioned only if no server answered."""
    for pattern, todo in HINTS:
        if re.search(pattern, words):
            return f"; {todo}"
    return "; is it running, and is DATABASE_URL right?" if state_of(error) is None else ""
