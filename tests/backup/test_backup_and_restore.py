"""Backup and restore against real servers: all of it or nothing, whoever is killed when."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from alembic import command
from factories import Factory
from ground import Sandbox, addresses, new_database, own_database, run_sql
from shell import Shell
from sqlalchemy import text
from worlds import Worlds

from senso.backup import files, programs, restoring, taking
from senso.db import engine, transaction
from senso.errors import ConfigError, NotFound, SensoError
from senso.migrations import alembic_config, migrate
from senso.queries import stored
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.schema import head_revision, require_head
from senso.settings import settings

EXCEPT = {"alembic_version", "workers"}


def everything() -> dict[str, list[tuple]]:
    with transaction() as db:
        return {
            name: [tuple(row) for row in db.execute(text(f"SELECT t::text FROM {name} t ORDER BY 1"))]
            for name in stored.tables(db)
            if name not in EXCEPT
        }


def tables() -> list[str]:
    with transaction() as db:
        return stored.tables(db)


@pytest.fixture(scope="module")
def taken(urls, tmp_path_factory):
    """The backup of a database in which work goes on, and all rows of it."""
    file = tmp_path_factory.mktemp("backup") / "senso.dump"
    with (
        pytest.MonkeyPatch.context() as environment,
        new_database(urls, "senso_before"),
        running(SandboxSettings(timing=Timing(0, 0, 0))) as url,
    ):
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        Worlds(Factory(), Sandbox(url), environment).running()
        done = taking.take(file)
        rows = everything()
    settings.cache_clear()
    return done, rows


@pytest.fixture
def file(taken):
    return taken[0].file


@pytest.fixture
def nothing(urls):
    """A database without tables, which this process and its children use."""
    with own_database(urls, "senso_after") as url:
        yield url


def test_a_restored_database_has_every_row_and_keeps_every_promise(taken, nothing):
    done, rows = taken

    restored = restoring.restore(done.file, 500)

    assert everything() == rows
    assert {name: len(found) for name, found in rows.items()}.items() <= restored.rows.items()
    assert restored.rows == done.manifest.rows
    assert (restored.revision, restored.now_at) == (head_revision(), head_revision())
    assert (restored.broken, restored.late) == ({}, {})
    require_head()


def test_a_file_is_readable_by_its_owner_only_and_never_written_over_by_mistake(taken, nothing, tmp_path):
    done, _ = taken
    before = done.file.read_bytes()

    with pytest.raises(ConfigError, match="--force"):
        taking.take(done.file)
    with pytest.raises(ConfigError, match="cannot be written"):
        taking.take(tmp_path / "nowhere" / "senso.dump")

    assert done.file.stat().st_mode & 0o777 == 0o600
    assert done.file.read_bytes() == before
    assert [path.name for path in done.file.parent.iterdir()] == [done.file.name]


def test_a_backup_that_fails_leaves_nothing_and_says_why(nothing, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="no tables yet"):
        taking.take(tmp_path / "senso.dump")
    migrate()
    monkeypatch.setattr(taking, "arguments", lambda *_: ["--file=/nowhere/at/all"])
    with pytest.raises(SensoError, match=r"the backup was not written: .*error"):
        taking.take(tmp_path / "senso.dump")

    assert list(tmp_path.iterdir()) == []


def test_a_new_backup_takes_the_place_of_an_old_one_at_once(nothing, tmp_path):
    migrate()
    file = tmp_path / "senso.dump"
    file.write_bytes(b"old")
    (tmp_path / "senso.dump.part").write_bytes(b"left by a killed process")

    taking.take(file, force=True)

    assert files.manifest_of(file) is not None
    assert list(tmp_path.iterdir()) == [file]


def test_a_name_that_no_file_can_have_is_wrong_use(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written: File name too long"):
        files.refuse_existing(tmp_path / ("a" * 300), force=False)


def test_two_backups_do_not_write_into_one_file(nothing, tmp_path):
    migrate()
    file = tmp_path / "senso.dump"
    with files.written_aside(file, force=False) as aside:
        with pytest.raises(ConfigError, match="another backup"):
            taking.take(file)
        aside.write_bytes(b"mine")

    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("part", [0.2, 0.9, 0.9999])
def test_a_file_that_is_cut_off_is_refused_before_anything_changes(file, nothing, tmp_path, part):
    cut = tmp_path / "cut.dump"
    whole = file.read_bytes()
    cut.write_bytes(whole[: int(len(whole) * part)])

    with pytest.raises(SensoError, match="is not whole"):
        restoring.restore(cut, 500)

    assert tables() == []


def test_one_changed_byte_is_noticed(file, nothing, tmp_path):
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "changed.dump").write_bytes(changed)

    with pytest.raises(SensoError, match="its checksum is another"):
        restoring.restore(tmp_path / "changed.dump", 500)

    assert tables() == []


@pytest.mark.parametrize(("content", "error"), [(b"partners:\n", ConfigError), (None, NotFound)])
def test_what_is_no_backup_is_refused(nothing, tmp_path, content, error):
    if content is not None:
        (tmp_path / "file").write_bytes(content)

    with pytest.raises(error):
        restoring.restore(tmp_path / "file", 500)


def test_a_database_that_holds_something_is_never_restored_into(file, make):
    org = make.org()

    with pytest.raises(ConfigError, match=r"not empty: it has 1 partners, 1 orgs, 1 ledger; .* SENSO_HOME"):
        restoring.restore(file, 500)

    assert make.one("SELECT id FROM orgs") == org.id


def test_tables_that_hold_nothing_of_anybodys_make_room(taken, nothing):
    """As any command makes them that has used these servers before."""
    migrate()

    restoring.restore(taken[0].file, 500)

    assert everything() == taken[1]


def test_a_file_of_pg_dump_alone_is_restored_too(taken, nothing, tmp_path):
    done, rows = taken
    alone = tmp_path / "alone.dump"
    alone.write_bytes(done.file.read_bytes()[: done.manifest.size])

    restored = restoring.restore(alone, 500)

    assert restored.manifest is None
    assert everything() == rows


def test_numbers_that_vendors_may_have_seen_are_not_given_again(taken, nothing):
    restoring.restore(taken[0].file, 500)

    with transaction() as db:
        top = db.execute(text("SELECT max(number) FROM question_runs")).scalar_one()
        following = db.execute(text("SELECT nextval('question_runs_number_seq')")).scalar_one()
    assert following > top + 1_000_000


@pytest.mark.parametrize("revision", ["0015", "9999"])
def test_an_older_backup_is_migrated_and_a_newer_one_refused(taken, nothing, tmp_path, revision, monkeypatch):
    migrate()
    if revision == "0015":
        with transaction() as db:
            command.downgrade(alembic_config(db), revision)
    else:
        run_sql(nothing.replace("+psycopg2", ""), f"UPDATE alembic_version SET version_num = '{revision}'")
    file = tmp_path / "senso.dump"
    taking.take(file)
    run_sql(nothing.replace("+psycopg2", ""), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")

    if revision == "9999":
        with pytest.raises(ConfigError, match="9999, which this version does not know"):
            restoring.restore(file, 500)
        assert tables() == []
    else:
        assert restoring.restore(file, 500).now_at == head_revision()
        require_head()


KILLED = """
import os, signal, sys
from pathlib import Path
from senso import edge
from senso.backup import programs, restoring
edge.supply()
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before the end":
    restoring.settle = die
else:
    start = programs.start
    def started(program, arguments):
        process = start(program, arguments)
        if "--single-transaction" in arguments:
            process.stderr.read(0)
            die()
        return process
    programs.start = started
restoring.restore(Path(sys.argv[1]), 500)
"""


@pytest.mark.parametrize("when", ["while it is filled", "before the end"])
def test_killed_half_way_it_does_not_look_whole_and_is_begun_again(taken, nothing, when):
    done, rows = taken

    killed = subprocess.run([sys.executable, "-c", KILLED, str(done.file), when], check=False, timeout=120)

    assert killed.returncode == -signal.SIGKILL
    said = {"while it is filled": "has no tables yet|was not finished", "before the end": "was not finished"}[when]
    with pytest.raises(ConfigError, match=said):
        require_head()
    if when == "before the end":
        with pytest.raises(ConfigError, match="senso restore FILE"):
            migrate()
    await_alone()
    restoring.restore(done.file, 500)
    assert everything() == rows


def await_alone() -> None:
    """Until no program that was killed has a session left; the server notices that in its own time."""
    with engine().connect() as connection:
        for _ in range(600):
            others = connection.execute(
                text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore'")
            ).scalar_one()
            connection.rollback()
            if not others:
                return
            threading.Event().wait(0.1)
    pytest.fail("pg_restore goes on")


def test_no_password_is_among_the_arguments_of_a_program(urls, nothing, tmp_path, monkeypatch):
    migrate()
    password = os.environ["DATABASE_URL"].split(":")[2].partition("@")[0]
    called = []
    start = programs.start
    monkeypatch.setattr(
        programs, "start", lambda program, arguments: called.append(arguments) or start(program, arguments)
    )

    taking.take(tmp_path / "senso.dump")

    (arguments,) = called
    assert password not in " ".join(arguments)
    assert password not in (tmp_path / "senso.dump").read_bytes().decode("latin-1")
    assert programs.environment()["PGPASSWORD"] == password
    assert not {name for name in programs.environment() if "KEY" in name}


def test_the_program_of_the_servers_version_is_taken_before_a_newer_one(tmp_path, monkeypatch):
    for name, said in (("old", 14), ("same", 16), ("newer", 17)):
        program = tmp_path / name / "pg_dump"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {said}.2'\n")
        program.chmod(0o755)
    monkeypatch.setattr(programs, "FOLDERS", [f"{tmp_path}/*"])
    monkeypatch.setattr(programs, "WHEEL", ("no_such_package", "bin"))
    monkeypatch.setenv("PATH", str(tmp_path / "newer"))

    assert programs.find("pg_dump", 16) == tmp_path / "same" / "pg_dump"
    assert programs.find("pg_dump", 15) == tmp_path / "same" / "pg_dump"
    assert programs.find("pg_dump", 17) == tmp_path / "newer" / "pg_dump"
    with pytest.raises(ConfigError, match="postgresql-client-18"):
        programs.find("pg_dump", 18)


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def test_the_commands_say_what_they_did(senso, nothing, tmp_path):
    migrate()
    file = tmp_path / "senso.dump"

    taken = senso("backup", file, "--json").json
    again = senso("backup", file)
    run_sql(nothing.replace("+psycopg2", ""), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    restored = senso("restore", file, "--json").json
    missing = senso("restore", tmp_path / "none")

    assert (taken["bytes"], taken["revision"]) == (file.stat().st_size, head_revision())
    assert taken["rows"]["models"] == restored["rows"]["models"] > 10
    assert (restored["broken"], restored["waiting_for_workers"], restored["taken_at"]) == ({}, {}, taken["taken_at"])
    assert (again.code, again.err.count("\n"), missing.code, missing.err.count("\n")) == (2, 1, 4, 1)
    assert json.dumps(taken)
