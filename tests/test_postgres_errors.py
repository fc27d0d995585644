"""What an error of Postgres says: that a statement can never succeed, or that it should be tried again."""

import re

import psycopg2
import pytest
from psycopg2 import errorcodes

from senso import postgres_errors
from senso.db import at_once, connect, transaction
from senso.db import connections as database_module
from senso.db.statement import Prepared
from senso.errors import ConfigError, Unreachable
from senso.postgres_errors import is_wrong_setting, may_pass, said

TOUCH = Prepared("UPDATE partners SET name = :name RETURNING id")


class Answered(psycopg2.DatabaseError):
    """As the driver raises it when the server gave a state; nobody can set the state of the driver's own."""

    pgcode = None

    def __init__(self, state, said="said"):
        super().__init__(said)
        self.pgcode = state


@pytest.mark.parametrize(
    "state",
    [
        *("08006", "08P01", "0A000", "25006", "25P03", "26000", "28000", "3D000", "40001", "40P01", "42501", "42P01"),
        *("42P05", "53100", "53200", "53300", "55000", "55006", "55P03", "57014", "57P01", "57P03", "58030", "72000"),
        *("XX000", "XX001", "F0000", "HV000"),
    ],
)
def test_a_state_of_the_server_or_of_the_moment_passes(state):
    assert may_pass(Answered(state))


@pytest.mark.parametrize(
    "state", ["21000", "22003", "22021", "22P05", "23505", "23514", "42601", "42703", "44000", "54000"]
)
def test_a_fault_of_the_statement_or_of_its_values_does_not(state):
    assert not may_pass(Answered(state))


def test_a_server_that_has_no_transaction_numbers_left_passes():
    assert may_pass(Answered("54000", "database is not accepting commands ... to avoid wraparound data loss"))


@pytest.mark.parametrize(
    "error",
    [
        psycopg2.OperationalError("server closed the connection unexpectedly"),
        psycopg2.OperationalError("SSL SYSCALL error: EOF detected"),
        psycopg2.OperationalError("FATAL:  the database system is starting up"),
        psycopg2.OperationalError("FATAL:  sorry, too many clients already"),
        psycopg2.DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq"),
        psycopg2.InterfaceError("connection already closed"),
    ],
)
def test_a_connection_that_is_lost_or_refused_passes(error):
    assert may_pass(error)


@pytest.mark.parametrize("error", [psycopg2.DataError("no"), psycopg2.ProgrammingError("can't adapt type 'dict'")])
def test_a_value_that_the_driver_does_not_take_does_not_pass(error):
    assert not may_pass(error)


def test_every_state_that_the_driver_knows_is_decided():
    """A class that is new to this list is looked at, and put where it belongs."""
    known = [value[:2] for name, value in vars(errorcodes).items() if name.isupper() and isinstance(value, str)]

    assert set(known) - set(postgres_errors.OF_THE_STATEMENT) <= {
        *("02", "03", "08", "0A", "0B", "25", "26", "28", "2B", "2D", "3D", "3F", "40", "53", "55", "57", "58", "72"),
        *("00", "01", "F0", "HV", "XX"),
    }


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (psycopg2.OperationalError("FATAL:  the database system is shutting down"), "wait a moment"),
        (psycopg2.OperationalError("FATAL:  sorry, too many clients already"), "end other sessions"),
        (Answered("25006", "cannot execute INSERT in a read-only transaction"), "a failover passes"),
        (psycopg2.OperationalError("server does not support SSL, but SSL was required"), "sslmode"),
        (Answered("42501", "permission denied for table orgs"), "docs/databases.md"),
        (Answered("53100", "could not extend file: No space left on device"), "make room"),
        (psycopg2.OperationalError("connection refused"), "is DATABASE_URL right?"),
    ],
)
def test_what_is_said_of_it_says_what_to_do(error, todo):
    assert todo in said(error)


def test_of_several_servers_each_is_named():
    tried = 'connection to server at "{}" failed: Connection refused\n\tIs the server running?'

    found = said(psycopg2.OperationalError("\n".join(tried.format(host) for host in ("pg1", "pg2"))))

    assert re.search(r'"pg1".*; connection to server at "pg2".*; is it running', found)


@pytest.mark.parametrize(
    "said",
    [
        'invalid sslmode value: "on"',
        'root certificate file "ca.pem" does not exist',
        'definition of service "senso" not found',
        'connection to server failed: FATAL:  unrecognized configuration parameter "nonsense"',
        "connection to server failed: FATAL:  unsupported startup parameter: options",
    ],
)
def test_what_is_written_wrongly_is_no_outage(said):
    assert is_wrong_setting(psycopg2.OperationalError(said))


READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


def own_backend(link):
    return Prepared("SELECT pg_backend_pid() AS pid").one(link, {})["pid"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("way", [at_once, transaction])
def test_a_session_of_a_server_that_became_read_only_is_replaced(way):
    """A former primary goes on answering its old sessions; a new one finds the primary where it is now."""
    with transaction() as db:
        former = own_backend(db)
        db.exec_driver_sql(READ_ONLY)

    with pytest.raises(Unreachable, match=r"read-only transaction; a failover passes"), way() as link:
        TOUCH.rows(link, {"name": "Acme"})

    with way() as link:
        assert own_backend(link) != former
        TOUCH.rows(link, {"name": "Acme"})


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("way", [at_once, transaction])
def test_statements_that_a_session_has_forgotten_are_prepared_anew(way):
    with way() as link:
        TOUCH.rows(link, {"name": "Acme"})
    with transaction() as db:
        db.exec_driver_sql("DEALLOCATE ALL")

    with pytest.raises(Unreachable), way() as link:
        TOUCH.rows(link, {"name": "Acme"})
    with way() as link:
        TOUCH.rows(link, {"name": "Acme"})


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("{url}?options=-cnonsense=1", ConfigError),
        ("{url}_of_nobody", Unreachable),
    ],
)
def test_a_wrong_url_is_a_wrong_setting_and_a_missing_database_out_of_reach(database, monkeypatch, url, kind):
    monkeypatch.setattr(database_module, "engine", lambda: connect(url.format(url=database), pool_size=1))

    with pytest.raises(kind), transaction():
        pass
