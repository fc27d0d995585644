"""What an error of Postgres says: something about the statement, or about the server and the moment.

The first will never succeed. The second may a moment later, and is waited out: what was paid for is saved then, and
nothing is bought meanwhile. Whatever is not known to be the statement's fault is taken to pass: waiting is bounded by a
lease, and what is given up for lost by mistake is bought again.
"""

import re
from typing import Final

import psycopg2

# SQLSTATE classes, and states, that are the statement's or its values' fault on any server: values that do not fit (22,
# 23, 44, 54), SQL that is wrong (42), and what a function or a cursor of ours could do wrong.
# Not here, and so passing:
#   08      the connection, a pooler's own errors among them
#   0A000   a plan older than a migration ("cached plan must not change result type")
#   25      a server or a session that is read-only (25006: a failover, a standby, a full disk at some hosts), or a
#           transaction that idled for too long
#   26      a prepared statement that is gone with its session, of which a pooler has made another
#   28, 3D  who may come in, and where to: while a server is restored neither role nor database may be there
#   3F      the schema, while it is restored
#   40      rolled back for another's sake
#   53, 57, 58, 72   room, operators (restarts, timeouts), the machine, a snapshot too old
#   55      a lock that was not to be had, an object in use, a recovery under way
#   F0, HV, XX   a server that is misconfigured or damaged; poolers use XX000 for words of their own
OF_THE_STATEMENT: Final = (
    *("09", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24", "27", "2F", "34", "38", "39", "3B"),
    *("42", "44", "54", "P0"),
)
# Within these classes what our own statements can only meet on a server that is being restored, whose rights are being
# changed, or behind a pooler: they are the same statements that worked before. 42P05: a session that is not new.
PASSING: Final = ("42501", "42P01", "42P05")
# Of the server as well, and under the state of a value that is too long (54000).
OUT_OF_NUMBERS: Final = "wraparound"
# A session that answers like this may answer so for ever: a former primary, a pooler's session without our settings, a
# plan that is outdated. Whoever comes next gets a new one, which finds the primary where it is now.
STALE: Final = ("0A", "25", "26", "28", "3D", "3F", "42501", "42P01", "42P05", "58", "XX")
# What a driver says by itself, without an answer of the server, of what it was given.
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
    """Whether the same statement may succeed a moment later. `lost`: the connection went with it."""
    state = state_of(error)
    if state is None:
        return lost or not isinstance(error, OF_A_VALUE)
    if OUT_OF_NUMBERS in str(error):
        return True
    return state in PASSING or not state.startswith(OF_THE_STATEMENT)


def is_stale(error: BaseException | None) -> bool:
    return (state_of(error) or "").startswith(STALE)


def state_of(error: BaseException | None) -> str | None:
    """None where no server answered, and where one refused the connection: the driver does not say its state then."""
    state = getattr(error, "pgcode", None)
    return None if state is None else str(state)


def is_wrong_setting(error: BaseException | None) -> bool:
    return state_of(error) is None and bool(WRONG_SETTING.search(str(error)))


def said(error: BaseException | None) -> str:
    """In one line, with what to do. libpq tells of each server that it tried; a password is in none of its words."""
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    tried = [line for line in lines if line.startswith("connection to server")]
    words = "; ".join(dict.fromkeys(tried)) or lines[0]
    return f"{words}{hint(error, words)}"


def hint(error: BaseException | None, words: str) -> str:
    """An address is doubted only where nobody answered as a server does."""
    for pattern, todo in HINTS:
        if re.search(pattern, words):
            return f"; {todo}"
    return "; is it running, and is DATABASE_URL right?" if state_of(error) is None else ""
