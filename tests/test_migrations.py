"""The schema from nothing to head, and from a wheel. Each test has an empty database of its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ground import admin, run_sql, use_database
from sqlalchemy import inspect, text
from sqlalchemy.exc import ProgrammingError

from senso.db import engine, transaction
from senso.errors import ConfigError
from senso.migrations import alembic_config, migrate
from senso.queries import call_days
from senso.schema import head_revision, require_head, revision
from senso.tables import Base
from senso.workflows.totals import count

ROOT = Path(__file__).parents[1]
PARTS = ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in", "constraints.txt")
PARTS += ("senso", "alembic", "celerybeat-schedule.py")
NEWEST = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]


def tables():
    return set(inspect(engine()).get_table_names())


def current():
    with transaction() as db:
        return revision(db)


def go(direction, to):
    with transaction() as db:
        direction(alembic_config(db), to)


def conditions(db):
    """Of each check and each index its name and its definition, as Postgres says them."""
    found = db.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' "
            "AND connamespace = CAST('public' AS regnamespace) UNION ALL "
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
    )
    return {tuple(row) for row in found}


def snapshot():
    """Every row of every table."""
    with transaction() as db:
        return {
            table.name: db.execute(text(f"SELECT * FROM {table.name} t ORDER BY t::text")).all()
            for table in Base.metadata.sorted_tables
        }


def test_an_empty_database_is_brought_to_head(empty):
    assert tables() == set()

    assert migrate() == (None, head_revision())

    assert tables() == set(Base.metadata.tables) | {"alembic_version"}
    assert current() == head_revision()
    require_head()


def test_the_models_and_the_migrated_schema_agree(empty):
    migrate()

    with transaction() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_models_make_the_checks_and_indexes_that_the_migrations_made(empty):
    """What a comparison of metadata leaves out: the text of checks, and the conditions of indexes."""
    with transaction() as db:
        Base.metadata.create_all(db)
        of_models = conditions(db)
        Base.metadata.drop_all(db)
    migrate()

    with transaction() as db:
        of_migrations = conditions(db)

    assert len(of_models) > len(Base.metadata.tables)
    assert sorted(of_models ^ of_migrations) == []


def test_migrating_again_changes_nothing(empty):
    migrate()
    before = snapshot()

    assert migrate() == (head_revision(), head_revision())

    assert snapshot() == before


def test_two_at_once_both_succeed(empty):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: migrate(), range(2)))

    assert sorted(found, key=str) == sorted([(None, head_revision()), (head_revision(), head_revision())], key=str)


def unpriced(make):
    """All rows, without what a migration sets to the moment: of prices, of counting, of looks for live events."""
    make.sql("UPDATE models SET priced_at = NULL")
    make.sql(
        "UPDATE counting SET began_at = '2026-01-01', next_at = '2026-01-01', next_xid = 0, last_call = 0, "
        "next_call = 0, last_repair = 0, next_repair = 0"
    )
    make.sql("DELETE FROM call_days")
    make.sql("UPDATE event_turn SET next_at = '2026-01-01', whole_at = '2026-01-01'")
    return snapshot()


def test_the_well_known_models_go_and_come_again_beside_an_own_one(database, make):
    org = make.org(models=())
    make.sql(
        "INSERT INTO models (id, slug, provider, name, surface, deadline_seconds) "
        "VALUES (:id, 'own', 'x', 'x', 'api', 9)",
        id=org.id,
    )
    before = unpriced(make)

    go(command.downgrade, "0001")
    assert (current(), make.one("SELECT slug FROM models")) == ("0001", "own")
    go(command.upgrade, "head")

    assert current() == head_revision()
    assert unpriced(make) == before


def test_the_well_known_models_go_and_come_again_beneath_rows_that_refer_to_them(database, make):
    make.run(answered=True)
    before = unpriced(make)

    go(command.downgrade, "0001")
    go(command.upgrade, "head")

    assert unpriced(make) == before


def test_the_newest_goes_down_and_up_again_with_rows_in_the_table(database, make):
    make.run(answered=True)
    make.batch(models=("chatgpt",))
    before = unpriced(make)

    go(command.downgrade, "-1")
    assert current() == NEWEST[1]
    go(command.upgrade, "head")

    assert unpriced(make) == before


def test_calls_that_were_counted_before_the_days_of_providers_were_are_in_them(database, make):
    make.run(answered=True)
    for outcome in ("unavailable", "answered"):
        make.sql(
            "INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, outcome) "
            "SELECT purpose, batch_id, run_id, org_id, fence, provider, model, :outcome FROM llm_calls LIMIT 1",
            outcome=outcome,
        )
    count()
    count()
    days = f"SELECT {', '.join((*call_days.KEY, *call_days.FIGURES))} FROM call_days"
    (before,) = make.sql(days)

    go(command.downgrade, "0037")
    go(command.upgrade, "head")

    assert (before["calls"], before["tried_again"]) == (3, 1)
    assert make.sql(days) == [before]


def test_calls_from_before_a_change_of_prices_are_not_held_against_the_new_ones(database, make):
    make.sql("UPDATE models SET priced_at = NULL")

    go(command.downgrade, "0011")
    go(command.upgrade, "head")

    moments = {one["slug"]: one["priced_at"] for one in make.sql("SELECT slug, priced_at FROM models")}
    assert moments["gpt-4.1"] is not None
    assert moments["chatgpt"] is None


def test_prices_come_to_models_that_are_there_under_whatever_slug_and_to_no_other(database, make):
    go(command.downgrade, "0005")
    for slug, provider, name in (("mine", "openai", "gpt-5.1"), ("gpt-4o", "azure", "own"), ("other", "x", "gpt-4.1")):
        make.sql(
            "INSERT INTO models (id, slug, provider, name, surface, deadline_seconds) "
            "VALUES (:id, :slug, :provider, :name, 'api', 9)",
            id=uuid4(),
            slug=slug,
            provider=provider,
            name=name,
        )

    go(command.upgrade, "head")

    found = {one["slug"]: one for one in make.sql("SELECT slug, name, prices FROM models")}
    assert found["mine"]["prices"]["token_in"] == 1.25
    assert (found["gpt-4o"]["name"], found["gpt-4o"]["prices"], found["other"]["prices"]) == ("own", None, None)
    assert found.keys() >= {"gpt-4.1", "gpt-4o-mini", "gpt-5.2"}
    assert "gpt-5.1" not in found


def test_everything_goes_down_and_leaves_nothing(empty):
    migrate()

    go(command.downgrade, "base")

    assert tables() == {"alembic_version"}
    assert migrate() == (None, head_revision())


def test_every_constraint_has_the_name_of_the_convention(empty):
    migrate()

    with transaction() as db:
        found = db.execute(
            text(
                "SELECT c.conrelid::regclass::text AS table, c.conname AS name, c.contype AS kind FROM pg_constraint c "
                "JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
                "WHERE n.nspname = 'public' AND t.relname <> 'alembic_version' AND c.contype <> 'n'"
            )
        ).all()
    prefixes = {"p": "pk_{}", "f": "fk_{}_", "u": "uq_{}_", "c": "ck_{}_"}

    assert len(found) > len(Base.metadata.tables)
    assert [one for one in found if not one.name.startswith(prefixes[one.kind].format(one.table))] == []


def test_every_index_has_the_name_of_the_convention(empty):
    migrate()

    found = {(table, index["name"]) for table in tables() for index in inspect(engine()).get_indexes(table)}

    assert {one for one in found if not one[1].startswith((f"ix_{one[0]}_", f"uq_{one[0]}_"))} == set()


@pytest.mark.parametrize("step", [migrate, require_head])
def test_a_database_that_is_newer_than_the_code_is_left_alone(empty, step):
    migrate()
    with transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match="revision 9999, which this version does not know; upgrade senso"):
        step()

    assert current() == "9999"


def test_an_empty_database_is_told_to_be_migrated(empty):
    with pytest.raises(ConfigError, match="has no tables yet; run: senso migrate"):
        require_head()


def test_an_older_database_is_told_to_be_migrated(empty):
    go(command.upgrade, NEWEST[-1])

    with pytest.raises(ConfigError, match=f"at revision {NEWEST[-1]}; run: senso migrate"):
        require_head()


def test_a_migration_that_fails_leaves_nothing_behind(empty):
    """All of it is one transaction: the next try starts where this one did."""
    run_sql(plain(empty), "CREATE TABLE models (id int)")

    with pytest.raises(ProgrammingError, match="already exists"):
        migrate()

    assert tables() == {"models"}


def test_there_is_one_head_and_every_revision_can_be_undone():
    scripts = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())

    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1
    assert [script.revision for script in scripts if not hasattr(script.module, "downgrade")] == []


def test_a_migration_stands_for_itself_and_imports_no_model():
    for path in (ROOT / "alembic" / "versions").glob("*.py"):
        assert "senso.tables" not in path.read_text(), path


def test_a_wheel_carries_the_migrations_and_the_timetable(wheel):
    wanted = {path.relative_to(ROOT) for path in (ROOT / "alembic").rglob("*") if path.suffix in {".py", ".mako"}}

    names = set(zipfile.ZipFile(wheel).namelist())

    assert {f"senso/packaged/{path}" for path in wanted} <= names
    assert "senso/packaged/celerybeat-schedule.py" in names
    assert not {name for name in names if "__pycache__" in name or name.startswith(("tests", "alembic", "bench"))}


def test_what_a_wheel_carries_is_found_where_there_is_no_checkout(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    look = (
        "from senso.migrations import alembic_config; from senso.schema import head_revision;"
        "from senso.tasks import schedule_file;"
        "print(alembic_config().get_main_option('script_location'));"
        "print(schedule_file.path()); print(head_revision())"
    )

    done = subprocess.run(
        [sys.executable, "-P", "-c", look],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    packaged = tmp_path / "site" / "senso" / "packaged"
    assert done.stderr == ""
    assert done.stdout.split() == [
        str(packaged / "alembic"),
        str(packaged / "celerybeat-schedule.py"),
        head_revision(),
    ]


def plain(url):
    return url.replace("postgresql+psycopg2://", "postgresql://")


@pytest.fixture
def empty(urls):
    name = f"empty_{uuid4().hex}"
    own = urls.database_url.rsplit("/", 1)[0] + f"/{name}"
    run_sql(admin(urls.database_url), f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
    before = os.environ["DATABASE_URL"]
    use_database(own)
    yield own
    engine().dispose()
    use_database(before)
    run_sql(admin(urls.database_url), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: a build leaves folders behind, and takes in what an earlier one left."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, source / part)
    command_line = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(out), str(source)]
    done = subprocess.run(command_line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("senso-*.whl")
    return found
