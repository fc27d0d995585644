"""Connections are kept and not asked before each use; one that Postgres has closed must be noticed all the same."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from senso.db import at_once, transaction
from senso.db.statement import Prepared

ONE = Prepared("SELECT CAST(:value AS int) AS value")
OTHERS = text("""
    SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'senso' AND pid <> pg_backend_pid()
""")


def sent(value=1):
    with at_once() as link:
        return ONE.rows(link, {"value": value})


@pytest.fixture
def closed(database):
    """Several connections, prepared on and at rest; then Postgres ends all but the one that says so."""
    with at_once() as one, at_once() as two, at_once() as three:
        for link in (one, two, three):
            ONE.rows(link, {"value": 1})
    with transaction() as db:
        assert db.execute(OTHERS).scalar_one() >= 2


@pytest.mark.usefixtures("closed")
def test_a_statement_does_not_meet_a_connection_that_was_closed():
    assert [sent() for _ in range(4)] == [[{"value": 1}]] * 4


@pytest.mark.usefixtures("closed")
def test_a_transaction_does_not_meet_a_connection_that_was_closed():
    with transaction() as one, transaction() as two, transaction() as three:
        assert [ONE.one(db, {"value": 2}) for db in (one, two, three)] == [{"value": 2}] * 3


@pytest.mark.usefixtures("database")
def test_a_value_that_does_not_fit_is_the_error_that_other_statements_raise():
    with pytest.raises(DataError):
        sent("many")

    assert sent(3) == [{"value": 3}]


@pytest.mark.usefixtures("database")
def test_a_statement_at_once_is_committed_when_it_has_run():
    made = Prepared("INSERT INTO partners (id, name) VALUES (gen_random_uuid(), :name) RETURNING name")

    with at_once() as link:
        assert made.one(link, {"name": "Acme"}) == {"name": "Acme"}
        with transaction() as db:
            assert db.execute(text("SELECT name FROM partners WHERE name = 'Acme'")).scalar_one() == "Acme"
