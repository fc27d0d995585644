"""What tests stand on that is no fixture: databases, addresses, the verbs of the sandbox and of the queues."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import requests
from redis import Redis

from senso import db as database_module
from senso.embedded import Urls
from senso.limits import redis_scripts
from senso.limits.process import allowances
from senso.sandbox import env as sandbox_env
from senso.settings import settings

TEMPLATE = "senso_template"
NOWHERE = "http://127.0.0.1:9"  # a port on which nobody listens: a call that a test did not mean fails at once


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
def new_database(urls: Urls, name: str, of: str = TEMPLATE) -> Iterator[str]:
    """A copy of the migrated template, with real commits; the process and its children use it meanwhile."""
    own = urls.database_url.rsplit("/", 1)[0] + f"/{name}"
    run_sql(admin(urls.database_url), f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY FILE_COPY")
    before = os.environ["DATABASE_URL"]
    use_database(own)
    try:
        yield own
    finally:
        database_module.engine().dispose()
        use_database(before)
        run_sql(admin(urls.database_url), f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_database(urls: Urls, name: str, how: str = "") -> Iterator[str]:
    """An empty one, made with the options `how`; the process uses it meanwhile."""
    url = urls.database_url.rsplit("/", 1)[0] + f"/{name}"
    run_sql(admin(url), f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY {how}")
    before = os.environ["DATABASE_URL"]
    use_database(url)
    try:
        yield url
    finally:
        database_module.engine().dispose()
        use_database(before)
        run_sql(admin(url), f"DROP DATABASE {name} WITH (FORCE)")


def encoded(encoding: str) -> str:
    return f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc"


class OneDatabase:
    """For the whole run, emptied before each test: a copy for each would cost the run minutes.

    Rows are deleted without looking at foreign keys, since all of them go; what the migrations put in comes back.
    """

    def __init__(self, urls: Urls) -> None:
        self.url = urls.database_url.rsplit("/", 1)[0] + "/senso_test"
        run_sql(admin(self.url), f"CREATE DATABASE senso_test TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        self.connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        self.tables = [name for (name,) in self.cursor.fetchall()]
        self.cursor.execute("SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public'")
        self.sequences = dict(self.cursor.fetchall())
        self.kept = [table for table in self.tables if self.has_rows(table)]
        self.run("CREATE SCHEMA kept", *(f"CREATE TABLE kept.{table} AS TABLE {table}" for table in self.kept))

    def has_rows(self, table: str) -> bool:
        self.cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        return self.cursor.fetchone() == (True,)

    def empty(self) -> None:
        """Whoever still holds a lock on a row makes this fail: a test must not end before what it started.

        Once more after a deadlock: the connection of a process that was killed finishes its last statement, and one
        that a module shares looks for alarms.
        """
        try:
            self.delete_all()
        except psycopg2.errors.DeadlockDetected:
            self.delete_all()

    def delete_all(self) -> None:
        self.run(
            "ROLLBACK",  # what a failure left open
            "BEGIN",
            "SET LOCAL session_replication_role = replica",
            "SET LOCAL lock_timeout = '10s'",
            # An API that a module shares writes live events: it takes this row before it locks any other.
            "SELECT FROM event_turn FOR UPDATE",
            *(f"DELETE FROM {table}" for table in self.tables),
            *(f"INSERT INTO {table} TABLE kept.{table}" for table in self.kept),
            # Not ALTER SEQUENCE, whose lock on it a statement that is still at work would wait for, and we for it.
            *(f"SELECT setval('{sequence}', {first}, false)" for sequence, first in self.sequences.items()),
            "COMMIT",
        )

    def run(self, *statements: str) -> None:
        self.cursor.execute("; ".join(statements))

    def close(self) -> None:
        self.connection.close()


def forget_limits() -> None:
    """What earlier tests have used of their models, whose breakers they opened, and what vendors of jobs said."""
    allowances.forget()
    client = redis_scripts.client()
    if known := list(client.scan_iter(f"{redis_scripts.PREFIX}*")):
        client.delete(*known)


def use_database(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    settings.cache_clear()
    database_module.engine.cache_clear()


def addresses(url: str) -> dict[str, str]:
    """The settings with which only the sandbox is called."""
    return sandbox_env.environment(url)


class Sandbox:
    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False  # else every request looks through all variables for proxies

    def fault(self, where: str, kind: str, **options: Any) -> None:
        self.http.post(
            f"{self.url}/_sandbox/faults", json=[{"where": where, "kind": kind, **options}], timeout=5
        ).raise_for_status()

    def struck(self) -> int:
        """How often those faults struck that there are now."""
        return sum(fault["fired"] for fault in self.http.get(f"{self.url}/_sandbox/faults", timeout=5).json())

    def heal(self) -> None:
        self.http.delete(f"{self.url}/_sandbox/faults", timeout=5).raise_for_status()

    def timing(self, **seconds: float) -> None:
        self.http.post(f"{self.url}/_sandbox/timing", json=seconds, timeout=5).raise_for_status()

    def calls(self, where: str = "") -> list[dict[str, Any]]:
        found = self.http.get(f"{self.url}/_sandbox/calls", timeout=60).json()
        return [call for call in found if call["where"].startswith(where)]

    def pushes(self) -> list[dict[str, Any]]:
        return self.http.get(f"{self.url}/_sandbox/pushes", timeout=5).json()

    def slack(self) -> list[str]:
        """The messages that Slack has taken, in their order."""
        return [one["text"] for one in self.http.get(f"{self.url}/_sandbox/slack", timeout=5).json()]

    def lie(self, **wish: Any) -> None:
        requests.post(f"{self.url}/_sandbox/lies", json=wish, timeout=5).raise_for_status()

    def obey(self, *orders: str) -> None:
        """The reader does what an answer orders; `orders`: texts that it takes for orders whatever they look like."""
        wish = {"obeys": True, "orders": orders}
        requests.post(f"{self.url}/_sandbox/obeys", json=wish, timeout=5).raise_for_status()

    def obeyed(self) -> list[dict[str, Any]]:
        return self.http.get(f"{self.url}/_sandbox/obeys", timeout=5).json()

    def lies(self) -> list[dict[str, Any]]:
        return self.http.get(f"{self.url}/_sandbox/lies", timeout=5).json()


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
