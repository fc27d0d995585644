"""The product as users start it: `senso up` on embedded servers in a temporary home, with a stand-in provider."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2

from senso import db, edge, imports, publishing
from senso.cli import publish
from senso.embedded import Urls, processes, servers
from senso.queries import imports as import_queries
from senso.sandbox.env import environment
from senso.settings import Settings, use_environment
from senso.settings.sources import Dotenv
from senso.workflows import reading_models

READY_SECONDS = 60
STOP_SECONDS = 40
POLL_SECONDS = 0.25
POLL_SECONDS_EACH = 0.004  # per batch: polling many batches costs Postgres CPU, too
Row = tuple[Any, ...]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def forget_environment() -> None:
    """Removes the caller's variables and ignores .env, so that neither affects what is measured."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    Dotenv.path = None


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="senso-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def child(name: str, arguments: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a Python program of ours with its output in a file of `folder`; stops it with SIGINT, as a user would."""
    with (folder / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGINT)
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def standing_in(folder: Path, arguments: Sequence[str], seconds: float = READY_SECONDS) -> Iterator[tuple[str, int]]:
    """Runs the sandbox, or a faster stand-in with the same options; yields its URL and its process id."""
    announce = folder / "stand-in.url"
    announce.unlink(missing_ok=True)
    with child("stand-in", [*arguments, "--announce", str(announce)], folder) as process:
        yield announced(announce, process, folder, seconds), process.pid


def announced(path: Path, process: subprocess.Popen[bytes], folder: Path, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(FileNotFoundError):
            if said := path.read_text().strip():
                return said
        time.sleep(0.05)
    raise SystemExit(f"the stand-in did not start: {(folder / 'stand-in.log').read_text()[-800:]}")


# As many jobs as the vendor's newest page says, so that nothing waits for a place.
ALL_PLACES = "UPDATE models SET max_in_flight = 5000 WHERE provider = 'brightdata'"


@dataclass(frozen=True)
class Product:
    """A running product. `up` is the process id of `senso up`; `servers` are those of guardian, postgres and redis."""

    folder: Path
    urls: Urls
    up: int
    servers: Mapping[str, int]
    started_seconds: float

    def load(self, document: dict[str, Any]) -> None:
        found = imports.parse(json.dumps(document, ensure_ascii=False), "bench.json")
        with db.transaction() as connection:
            import_queries.store(connection, found, "bench")
            connection.exec_driver_sql(ALL_PLACES)

    def trigger(self, orgs: Sequence[str]) -> list[UUID]:
        from senso.cli.terms import terms  # noqa: PLC0415  reads the settings
        from senso.workflows.initiator import Initiator  # noqa: PLC0415
        from senso.workflows.trigger import trigger_org  # noqa: PLC0415

        return [trigger_org(UUID(org), Initiator("bench", "bench"), terms()).batch.id for org in orgs]

    def query(self, statement: str, *values: Any) -> list[Row]:
        return query(self.urls.database_url, statement, *values)

    def wait(self, batches: Sequence[UUID], seconds: float) -> None:
        """Waits until every batch has ended and was pushed."""
        ids = [str(batch) for batch in batches]
        left = """SELECT count(*) FROM batches b LEFT JOIN pushes p ON p.batch_id = b.id
            WHERE b.id = ANY(%s::uuid[]) AND (b.state IN ('queued', 'running') OR p.status IS DISTINCT FROM 'sent')"""
        deadline, pause = time.monotonic() + seconds, max(POLL_SECONDS, POLL_SECONDS_EACH * len(ids))
        with opened(self.urls.database_url) as connection, connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(left, [ids])
                if cursor.fetchall() == [(0,)]:
                    return
                time.sleep(pause)
        states = self.query(
            "SELECT state, count(*), sum(remaining) FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY state", ids
        )
        raise SystemExit(f"not all ended after {seconds:.0f} s: {states}")


def query(url: str, statement: str, *values: Any) -> list[Row]:
    with opened(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def opened(url: str) -> Iterator["psycopg2.extensions.connection"]:
    """A connection to reuse for many queries: opening one costs Postgres as much as ten runs."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def running(folder: Path, url: str, more: Mapping[str, str] | None = None) -> Iterator[Product]:
    with embedded(folder) as urls, up(folder, urls, environment(url) | dict(more or {})) as product:
        yield product


@contextmanager
def embedded(folder: Path) -> Iterator[Urls]:
    """Makes this process a user of the servers, so that they outlive `senso up` and can be queried afterwards."""
    with servers(folder / "home") as urls:
        yield urls


@contextmanager
def up(folder: Path, urls: Urls, variables: Mapping[str, str], call_workers: int | None = None) -> Iterator[Product]:
    """`senso up` finds the servers through their home, as it does for users; only this process gets their URLs."""
    home = folder / "home"
    ports = {"FLOWER_PORT": str(free_port()), "PORT": "0", "METRICS_PORT": "0"}
    use_environment({**ports, **variables, "SENSO_HOME": str(home)})
    edge.supply()
    publishing.register(publish)
    began, workers = time.monotonic(), call_workers or os.cpu_count() or 1
    with child("up", ["-m", "senso.cli", "up", "--call-workers", str(workers)], folder) as started:
        use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
        try:
            wait_for_workers(urls, started, folder, workers + 1)
            yield Product(folder, urls, started.pid, processes(home), time.monotonic() - began)
        finally:
            db.engine().dispose()
            db.engine.cache_clear()
            reading_models.cached.clear()
            for name in ("DATABASE_URL", "REDIS_URL"):
                os.environ.pop(name)


def wait_for_workers(urls: Urls, up: subprocess.Popen[bytes], folder: Path, wanted: int) -> None:
    """Waits until the call workers and the control worker have written a heartbeat."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and up.poll() is None:
        with suppress(psycopg2.Error):
            if query(urls.database_url, "SELECT count(*) FROM workers")[0][0] >= wanted:
                return
        time.sleep(0.2)
    raise SystemExit(f"the product did not start: {(folder / 'up.log').read_text()[-1500:]}")
