"""What is needed of a Postgres, each need by itself: judged by values, and held to databases that lack it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ground import encoded, own_database, run_sql, use_database

from senso.checks import postgres, require
from senso.db import engine, transaction
from senso.errors import ConfigError, Unreachable
from senso.migrations import migrate
from senso.queries import postgres_server as servers
from senso.schema import head_revision

HEAD = head_revision()
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def good(database):
    with transaction() as db:
        return replace(servers.server(db), fsync=True, full_page_writes=True)


def faults(found):
    return {one.name: one.said for one in found if one.state == "fault"}


@pytest.mark.usefixtures("database")
def test_a_good_server_has_no_fault_and_each_need_is_named():
    found = postgres.findings(10)

    assert faults(found) == {}
    assert len({one.name for one in found}) == len(found) > 6


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (lambda server: postgres.version(replace(server, version_number=140_023, version="14.23")), "fault"),
        (lambda server: postgres.version(replace(server, version_number=150_018, version="15.18")), "ok"),
        (lambda server: postgres.version(replace(server, version_number=190_000, version="19.0")), "note"),
        (lambda server: postgres.encoding(replace(server, encoding="LATIN1")), "fault"),
        (lambda server: postgres.encoding(replace(server, encoding="SQL_ASCII")), "fault"),
        (lambda server: postgres.encoding(replace(server, client_encoding="LATIN9")), "fault"),
        (lambda server: postgres.pooler(server, keeps_sessions=False), "fault"),
        (lambda server: postgres.pooler(replace(server, backend=0), keeps_sessions=True), "ok"),
        (lambda server: postgres.writable(replace(server, read_only=True)), "fault"),
        (lambda server: postgres.writable(replace(server, in_recovery=True)), "fault"),
        (lambda server: postgres.rights(replace(server, schema=None), None, ()), "fault"),
        (lambda server: postgres.rights(replace(server, may_create=False), None, ()), "fault"),
        (lambda server: postgres.rights(replace(server, may_create=False), "0001", ()), "fault"),
        (lambda server: postgres.rights(replace(server, may_create=False), HEAD, ()), "ok"),
        (lambda server: postgres.rights(server, HEAD, ("orgs",)), "fault"),
        (lambda server: postgres.durability(replace(server, fsync=False)), "warning"),
        (lambda server: postgres.durability(replace(server, synchronous_commit="off")), "warning"),
        (lambda server: postgres.connections(replace(server, connections=97), 10, cores=8), "warning"),
        (lambda server: postgres.connections(replace(server, connections=97), 10, cores=2), "ok"),
        (lambda server: postgres.clock(replace(server, now=NOW), NOW - timedelta(minutes=5)), "warning"),
        (lambda server: postgres.clock(replace(server, now=NOW), NOW + timedelta(seconds=20)), "ok"),
        (lambda server: postgres.session(replace(server, timezone="Europe/Berlin")), "fault"),
        (lambda server: postgres.session(replace(server, statement_timeout_ms=500)), "warning"),
    ],
)
def test_what_is_not_so_is_said_with_what_to_do(good, check, state):
    found = check(good)

    assert found.state == state
    assert bool(found.do) == (state in {"fault", "warning"})


def test_a_fault_that_keeps_rows_from_being_stored_is_known_for_one(good):
    assert postgres.takes_writes([postgres.writable(good), postgres.durability(replace(good, fsync=False))])
    assert not postgres.takes_writes([postgres.writable(replace(good, read_only=True))])
    assert not postgres.takes_writes([postgres.rights(good, HEAD, ("orgs",))])
    assert not postgres.takes_writes(postgres.row_security(good, ("orgs",)))


def test_a_server_that_takes_no_writes_may_take_them_soon(good):
    with pytest.raises(Unreachable):
        require([postgres.writable(replace(good, read_only=True))])


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"])
def test_a_database_that_cannot_hold_every_script_is_refused(urls, encoding):
    with (
        own_database(urls, "not_utf8", encoded(encoding)),
        pytest.raises(ConfigError, match=f"has {encoding}; answers in other"),
    ):
        require(postgres.findings(10))


def test_tables_are_made_in_the_schema_that_the_url_names(urls):
    with own_database(urls, "tenants") as url:
        run_sql(url.replace("+psycopg2", ""), "CREATE SCHEMA a", "CREATE SCHEMA b")
        for path in ("a", "b,public", "public"):
            use_database(f"{url}?options=-csearch_path={path}")
            require(postgres.findings(10))
            migrate()
            with transaction() as db:
                assert db.exec_driver_sql("SELECT to_regclass('orgs')::oid::regclass::text").scalar_one() == "orgs"
            engine().dispose()

        with transaction() as db:
            made = dict(
                db.exec_driver_sql(
                    "SELECT schemaname, count(*) FROM pg_tables WHERE schemaname = ANY('{a,b,public}') GROUP BY 1"
                ).all()
            )
        assert set(made) == {"a", "b", "public"}
        assert len(set(made.values())) == 1


def test_a_schema_that_is_not_there_is_refused(urls):
    with own_database(urls, "tenants") as url:
        use_database(f"{url}?options=-csearch_path=nowhere")

        with pytest.raises(ConfigError, match=r"search_path is nowhere; .*CREATE SCHEMA"):
            require(postgres.findings(10))


def test_limits_of_the_url_win_and_what_promises_rest_on_does_not(urls):
    with own_database(urls, "limits") as url:
        use_database(f"{url}?options=-cstatement_timeout=7s%20-cTimeZone=Asia/Tokyo&client_encoding=LATIN1")

        with transaction() as db:
            said = {name: db.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SHOWN}

    assert said == {
        "statement_timeout": "7s",
        "lock_timeout": "5s",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
        "enable_seqscan": "off",
    }


SHOWN = ("statement_timeout", "lock_timeout", "TimeZone", "client_encoding", "enable_seqscan")


def test_a_user_without_rights_is_refused_with_the_grant_that_is_missing(urls):
    with own_database(urls, "rights") as url:
        migrate()
        plain = url.replace("+psycopg2", "")
        run_sql(plain, "CREATE ROLE reader LOGIN PASSWORD 'x'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        try:
            use_database("postgresql://reader:x@" + url.partition("@")[2])
            with pytest.raises(ConfigError, match="GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"):
                require(postgres.findings(10))
        finally:
            engine().dispose()
            run_sql(plain, "DROP OWNED BY reader", "DROP ROLE reader")


def test_tables_whose_rows_a_policy_hides_are_refused(urls):
    with own_database(urls, "hidden") as url:
        migrate()
        plain = url.replace("+psycopg2", "")
        rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shut_out"
        run_sql(plain, "CREATE ROLE shut_out LOGIN PASSWORD 'x'", rights, "ALTER TABLE orgs ENABLE ROW LEVEL SECURITY")
        try:
            use_database("postgresql://shut_out:x@" + url.partition("@")[2])
            with pytest.raises(ConfigError, match="row security: on for orgs; shut_out sees no rows of it"):
                require(postgres.findings(10))
        finally:
            engine().dispose()
            run_sql(plain, "DROP OWNED BY shut_out", "DROP ROLE shut_out")
