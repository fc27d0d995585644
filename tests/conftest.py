"""Real parts: an embedded Postgres and Redis for the whole run, a database of its own for each test that wants one."""

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from factories import Factory
from redis import Redis
from sqlalchemy import Connection

from senso import db as database_module
from senso.embedded import Urls, servers
from senso.http import session as http_session
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import Settings, settings
from senso.tasks import reach

TEMPLATE = "senso_template"
NOWHERE = "http://127.0.0.1:9"  # a port on which nobody listens: a call that a test did not mean fails at once
SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_configure() -> None:
    """Nothing from outside leaks in: neither the caller's variables nor a .env in the checkout."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    Settings.model_config["env_file"] = None
    os.environ |= {"ENVIRONMENT": "test"} | addresses(NOWHERE)
    settings.cache_clear()


started = ExitStack()


def pytest_sessionstart(session) -> None:
    """Before tests are collected, since looking at a task reads Celery's settings, the broker's address among them."""
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
    database_module.migrate()
    database_module.engine().dispose()
    run_sql(admin(found.database_url), f"CREATE DATABASE {TEMPLATE} TEMPLATE senso STRATEGY FILE_COPY")
    return found


def relax(url: str) -> None:
    """No test here pulls the plug, so Postgres need not wait for the disk; the product's own always does."""
    run_sql(admin(url), "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
    run_sql(admin(url), "SELECT pg_reload_conf()")


def admin(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://").rsplit("/", 1)[0] + "/postgres"


def run_sql(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


@contextmanager
def new_database(urls: Urls, name: str) -> Iterator[str]:
    """A copy of the migrated template, with real commits; the process and its children use it meanwhile."""
    own = urls.database_url.rsplit("/", 1)[0] + f"/{name}"
    run_sql(admin(urls.database_url), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    before = os.environ["DATABASE_URL"]
    use_database(own)
    try:
        yield own
    finally:
        database_module.engine().dispose()
        use_database(before)
        run_sql(admin(urls.database_url), f"DROP DATABASE {name} WITH (FORCE)")


def use_database(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    settings.cache_clear()
    database_module.engine.cache_clear()


@pytest.fixture
def database(urls, request) -> Iterator[str]:
    with new_database(urls, f"test_{abs(hash(request.node.nodeid))}") as url:
        yield url


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
    reach.provider.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def close_connections() -> Iterator[None]:
    yield
    http_session().close()


@pytest.fixture
def sandbox(environment) -> Iterator["Sandbox"]:
    """The stand-in for every provider over real HTTP, answering at once unless a test slows it down."""
    with running(SandboxSettings(timing=Timing(0, 0, 0))) as url:
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        reach.provider.cache_clear()
        yield Sandbox(url)
        http_session().close()


def addresses(url: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API_KEY": "sandbox-key",
        "BRIGHTDATA_BASE_URL": f"{url}/brightdata",
        "BRIGHTDATA_API_KEY": "sandbox-key",
        "APPLICATION_API_URL": f"{url}/application",
        "API_TOKEN": "sandbox-token",
    }


class Sandbox:
    def __init__(self, url: str) -> None:
        self.url = url

    def fault(self, where: str, kind: str, **options: Any) -> None:
        requests.post(
            f"{self.url}/_sandbox/faults", json=[{"where": where, "kind": kind, **options}], timeout=5
        ).raise_for_status()

    def heal(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=5).raise_for_status()

    def timing(self, **seconds: float) -> None:
        requests.post(f"{self.url}/_sandbox/timing", json=seconds, timeout=5).raise_for_status()

    def calls(self, where: str = "") -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/_sandbox/calls", timeout=5).json()
        return [call for call in found if call["where"].startswith(where)]

    def pushes(self) -> list[dict[str, Any]]:
        return requests.get(f"{self.url}/_sandbox/pushes", timeout=5).json()

    def lies(self) -> list[dict[str, Any]]:
        return requests.get(f"{self.url}/_sandbox/lies", timeout=5).json()


class Messages:
    """What waits in the real queues; no worker runs in a test of one function."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url)
        self.clear()

    def clear(self) -> None:
        self.redis.flushall()

    def __call__(self, queue: str) -> list[tuple[str, list[Any]]]:
        found = [json.loads(raw) for raw in reversed(self.redis.lrange(queue, 0, -1))]
        return [(one["headers"]["task"], json.loads(base64.b64decode(one["body"]))[0]) for one in found]


@pytest.fixture
def messages(urls) -> Iterator[Messages]:
    waiting = Messages(urls.redis_url)
    yield waiting
    waiting.redis.close()
