"""Reaching Postgres, and what a failure to do so is called."""

import psycopg2
import pytest
from sqlalchemy import event, text

from senso.db import DBAPIError, at_once, connect, looking, transaction
from senso.db import connections as database_module
from senso.db.statement import Prepared
from senso.errors import Unreachable
from senso.settings import secret, settings

ONE = Prepared("SELECT CAST(:one AS int) AS one")


def end(pid: int) -> None:
    """As a server does that is going away: the session is over, and said to be."""
    with psycopg2.connect(secret(settings().database_url, "DATABASE_URL").replace("+psycopg2", "")) as other:
        cursor = other.cursor()
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    other.close()


@pytest.fixture
def engine(database, monkeypatch):
    made = connect(secret(settings().database_url, "DATABASE_URL"), pool_size=1)
    monkeypatch.setattr(database_module, "engine", lambda: made)
    with transaction():
        pass
    yield made
    made.dispose()


def rest(engine) -> int:
    with engine.connect() as connection:
        return connection.connection.driver_connection.info.backend_pid


def test_whoever_only_looks_is_planned_for_as_postgres_likes_and_writes_nothing(engine):
    with looking() as db:
        while_looking = db.execute(text("SHOW enable_seqscan")).scalar()
        with pytest.raises(DBAPIError, match="read-only transaction"):
            db.execute(text("DELETE FROM outbox"))
    with transaction() as db:
        afterwards = db.execute(text("SHOW enable_seqscan")).scalar()
        db.execute(text("DELETE FROM outbox"))

    assert (while_looking, afterwards) == ("on", "off")


def test_a_session_that_ended_at_rest_is_replaced(engine):
    end(rest(engine))

    with at_once() as link:
        assert ONE.rows(link, {"one": 1}) == [{"one": 1}]
    end(rest(engine))
    with transaction() as connection:
        assert ONE.rows(connection, {"one": 1}) == [{"one": 1}]


@pytest.mark.parametrize("way", [at_once, transaction])
def test_a_server_that_ends_new_sessions_too_is_out_of_reach(engine, way):
    """Also at the moment of taking one out of the pool, or what was paid for would not be tried to be saved again."""
    event.listen(engine, "connect", lambda made, _: end(made.info.backend_pid))
    end(rest(engine))

    with pytest.raises(Unreachable, match="Postgres"), way() as link:
        ONE.rows(link, {"one": 1})


@pytest.mark.parametrize("way", [at_once, transaction])
def test_a_plan_that_a_migration_made_wrong_is_made_again(engine, way):
    """A worker that lives through it would else fail at this statement for as long as it has the connection."""
    planned = Prepared("SELECT number FROM migrated WHERE number = :number")
    with transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE migrated (number int)")
    try:
        with way() as link:
            planned.rows(link, {"number": 1})
        with transaction() as connection:
            connection.exec_driver_sql("ALTER TABLE migrated ALTER number TYPE bigint")
        with pytest.raises(Unreachable), way() as link:
            planned.rows(link, {"number": 1})
        with way() as link:
            assert planned.rows(link, {"number": 1}) == []
    finally:
        with transaction() as connection:
            connection.exec_driver_sql("DROP TABLE migrated")
