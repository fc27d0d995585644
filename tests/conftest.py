"""Real parts: an embedded Postgres and Redis for the whole run, an empty database for each test that wants one."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from factories import Factory
from ground import (
    NOWHERE,
    TEMPLATE,
    Messages,
    OneDatabase,
    Sandbox,
    addresses,
    admin,
    forget_limits,
    relax,
    run_sql,
    use_database,
)
from sqlalchemy import Connection

from senso import db as database_module
from senso import edge, publishing
from senso.cli import publish
from senso.embedded import Urls, servers
from senso.http import close
from senso.migrations import migrate
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import Settings, settings
from senso.settings.sources import Dotenv
from senso.settings.variable_list import variables
from senso.workflows import reading_models


def pytest_configure() -> None:
    """Nothing from outside leaks in: neither the caller's variables and terminal nor a .env in the checkout.

    Nor that Ctrl-C is ignored, as by whatever a shell starts in the background: every command would inherit it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (*Settings.model_fields, "columns", "lines"):
        os.environ.pop(name.upper(), None)
    Dotenv.path = None
    # Processes that tests start would else compile each of our modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    os.environ |= {"ENVIRONMENT": "test"} | addresses(NOWHERE)
    # As after an installation: `senso` is on the PATH, and what is suggested can name it so. Last, since an older
    # redis-server lies beside it, and the machine's own may know TLS.
    os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    settings.cache_clear()
    edge.supply()
    publishing.register(publish)


# Where processes share the tests, file by file, these begin: whoever met one last would keep all others waiting.
LONGEST = ("test_refusals.py", "test_acceptance.py", "test_cli.py", "test_the_suite_can_fail.py", "test_processes.py")
LONGEST += ("test_compose_runs.py", "test_up.py", "test_readme.py", "test_endings.py", "test_migrations.py")
LONGEST += ("test_storms.py", "test_cli_watching.py", "test_restored_work.py", "test_job_endings.py")
LONGEST += ("test_hostile_bodies.py", "test_network_faults.py", "test_network_acceptance.py", "test_reading_jobs.py")
LONGEST += ("test_backup_and_restore.py", "test_stops_acceptance.py", "test_chords.py", "test_plants.py")
LONGEST += (
    "test_api_health.py",
    "test_commands_at_once.py",
    "test_embedded.py",
    "test_production.py",
    "test_crowds.py",
    "test_pages_in_a_browser.py",
)


def pytest_collection_modifyitems(config, items) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no collection of garbage need look at it, least one that a test asks for."""
    gc.collect()
    gc.freeze()


started = ExitStack()


def pytest_sessionstart(session) -> None:
    """Before tests are collected, since looking at a task reads Celery's settings, the broker's address among them.

    Where several processes share the tests, each has servers of its own, and the one that deals them out has none.
    """
    if session.config.getoption("dist", "no") != "no":
        return
    home = Path(tempfile.mkdtemp(prefix="senso-"))
    started.callback(shutil.rmtree, home, ignore_errors=True)
    session.config.urls = started.enter_context(servers(home))
    os.environ["DATABASE_URL"] = session.config.urls.database_url
    os.environ["REDIS_URL"] = session.config.urls.redis_url
    settings.cache_clear()


def pytest_sessionfinish() -> None:
    started.close()


@pytest.fixture(scope="session")
def urls(request) -> Urls:
    """Migrated once in a run; the copy of it that every test gets is made from that."""
    found = request.config.urls
    relax(found.database_url)
    migrate()
    database_module.engine().dispose()
    run_sql(admin(found.database_url), f"CREATE DATABASE {TEMPLATE} TEMPLATE senso STRATEGY FILE_COPY")
    return found


@pytest.fixture(scope="session")
def one_database(urls) -> Iterator[OneDatabase]:
    made = OneDatabase(urls)
    yield made
    made.close()


@pytest.fixture
def database(one_database) -> Iterator[str]:
    """Empty but for what the migrations put in; with real commits, so that processes and threads see them."""
    before = os.environ["DATABASE_URL"]
    one_database.empty()
    use_database(one_database.url)
    reading_models.cached.clear()
    forget_limits()
    yield one_database.url
    reading_models.cached.clear()
    forget_limits()
    database_module.engine().dispose()
    use_database(before)


@pytest.fixture
def db(database) -> Iterator[Connection]:
    with database_module.transaction() as connection:
        yield connection


@pytest.fixture
def make(database) -> Factory:
    return Factory()


@pytest.fixture
def environment(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """Variables set through it are read at once and forgotten afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def nothing_set(environment) -> pytest.MonkeyPatch:
    """Not a single variable of ours, not even those of the test run."""
    ours = {one.name for one in variables()}
    for name in [name for name in os.environ if name.upper().removesuffix("_FILE") in ours]:
        environment.delenv(name)
    settings.cache_clear()
    return environment


@pytest.fixture
def dotenv(nothing_set, tmp_path) -> Callable[[str | bytes], None]:
    """Writes the `.env` of the working folder, and nothing else is set."""
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))

    def write(content: str | bytes) -> None:
        (tmp_path / ".env").write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


@pytest.fixture(scope="session", autouse=True)
def close_connections() -> Iterator[None]:
    yield
    close()


@pytest.fixture
def sandbox(environment) -> Iterator["Sandbox"]:
    """The stand-in for every provider over real HTTP, answering at once unless a test slows it down."""
    with running(SandboxSettings(timing=Timing(0, 0, 0, 0))) as url:
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        yield Sandbox(url)
        close()


@pytest.fixture
def messages(urls) -> Iterator[Messages]:
    waiting = Messages(urls.redis_url)
    yield waiting
    waiting.clear()
    waiting.redis.close()


@pytest.fixture
def in_batches(sandbox, monkeypatch) -> Iterator[None]:
    """Answers are read in files, which the vendor completes at once."""
    monkeypatch.setenv("READING_MODE", "batch")
    settings.cache_clear()
    sandbox.timing(batch_seconds=0)
    yield
    monkeypatch.undo()
    settings.cache_clear()
