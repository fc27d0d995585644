"""The product on processes that a test may kill: servers, sandbox, workers and beat, each under its own pid."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from factories import Factory
from ground import Sandbox, addresses, run_sql, use_database
from proxy import Proxy
from redis import Redis as RedisClient

from senso import db as database_module
from senso import failpoints, imports, stack
from senso.db import transaction
from senso.embedded.home import Home
from senso.embedded.identity import find_identity
from senso.embedded.postgres import Postgres
from senso.embedded.programs import find_programs
from senso.embedded.redis import Redis
from senso.embedded.server import Server
from senso.errors import SensoError
from senso.queries import imports as import_queries
from senso.sandbox.world import World
from senso.settings import settings
from senso.tasks import reach
from senso.tasks.queues import CALL_QUEUES, CONTROL_QUEUES

HERE = Path(__file__).parent
SEED = 11
TEMPLATE = "faults_template"
DIRECT = ("gpt-4.1", "gpt-4.1-mini")
PLACES = ({"country": "US"}, {"country": "CA", "region": "Ontario"})


class Servers:
    """A Postgres and a Redis with all that keeps data, fsync included, started by this process so that it may kill."""

    def __init__(self, home: Path) -> None:
        folder, programs = Home.prepared(home), find_programs()
        identity = find_identity(folder, programs)
        self.postgres = Postgres(folder, programs.postgres, identity, "a password")
        (home / "password").write_text("a password")
        self.redis = Redis(folder, programs.redis, identity, "a-password")
        for server in (self.postgres, self.redis):
            server.spawn()
        for server in (self.postgres, self.redis):
            server.await_ready()
        self.postgres_url = self.postgres.url.replace("a password", "a%20password")

    def url_of(self, database: str) -> str:
        return self.postgres_url.rsplit("/", 1)[0] + f"/{database}"

    def client(self) -> RedisClient:
        return RedisClient.from_url(self.redis.url)

    def clear_redis(self) -> None:
        with self.client() as client:
            client.flushall()

    def stop(self) -> None:
        for server in (self.redis, self.postgres):
            server.stop()
            server.await_end()


@dataclass
class Plan:
    """How a test wants the product to be: which processes, with what sabotage, and how slow the providers are."""

    call_workers: int = 2
    control_workers: int = 1
    beats: int = 1
    answer_seconds: float = 1.0
    reading_seconds: float = 0.3
    snapshot_seconds: float = 2.0
    orgs: int = 4
    questions: int = 10
    models: tuple[str, ...] = DIRECT
    places: tuple[dict[str, str], ...] = PLACES
    sabotage: dict[str, str] = field(default_factory=dict)  # by process: names of functions of saboteur.py
    failpoints: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    code_of: dict[str, Path] = field(default_factory=dict)  # by process: where its senso is, in place of ours
    redis_proxy: bool = False


class Product:
    def __init__(self, plan: Plan, servers: Servers, home: Path, sandbox: Sandbox) -> None:
        self.plan, self.servers, self.home, self.sandbox = plan, servers, home, sandbox
        self.make = Factory()
        self.children = children(plan, home)
        self.running = stack.Stack(list(self.children.values()), say=print, logs=home)
        self.redis_proxy: Proxy | None = None
        self.left_dead: set[str] = set()
        self.started_at = time.monotonic()

    # What a test does to it.

    def load(
        self, orgs: int | None = None, questions: int | None = None, seed: int = SEED, **asked: tuple[Any, ...]
    ) -> list[UUID]:
        """`models` and `locations` may differ from the plan's."""
        world = World(seed, orgs=orgs or self.plan.orgs, questions=questions or self.plan.questions)
        content = yaml.safe_dump(
            world.import_document(**{"models": self.plan.models, "locations": self.plan.places} | asked)
        )
        document = imports.parse(content, "world.yaml")
        with transaction() as db:
            import_queries.store(db, document, "test")
        self.started_at = time.monotonic()
        return [UUID(str(org.id)) for org in world.orgs]

    def trigger(self, orgs: list[UUID] | None = None) -> list[UUID]:
        """By the command, as an operator does it."""
        command = [sys.executable, "-m", "senso.cli", "trigger", "org", "--json", *map(str, orgs or self.load())]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return [UUID(batch["id"]) for batch in (found if isinstance(found, list) else [found])]

    def await_workers(self) -> None:
        wanted = self.plan.call_workers + self.plan.control_workers
        self.until(lambda: self.make.one("SELECT count(*) FROM workers") >= wanted, 90, "not all workers started")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        process = self.children[name].process
        process.send_signal(number)
        if number == signal.SIGKILL:
            process.wait()
        return process.pid

    def kill_with_work(self, name: str, at_least: int = 20, seconds: float = 60) -> tuple[int, set[str]]:
        """Kills it when it has so many calls in flight; its pid, and the claims (run or evaluation) it died with."""
        pid = self.children[name].process.pid
        self.until(lambda: len(self.held_by(pid)) >= at_least, seconds, f"{name} never had {at_least} calls in flight")
        self.kill(name, signal.SIGSTOP)  # frozen, so that what it has in flight can be counted
        time.sleep(0.5)  # statements that were under way commit
        held = self.held_by(pid)
        self.kill(name)
        return pid, held

    def held_by(self, pid: int) -> set[str]:
        found = self.make.sql(
            "SELECT 'ask ' || id || ' ' || fence AS claim FROM question_runs "
            "WHERE state = 'asking' AND lease_owner LIKE :me "
            "UNION ALL SELECT 'read ' || run_id || ' ' || fence FROM evaluations "
            "WHERE state = 'extracting' AND lease_owner LIKE :me "
            "UNION ALL SELECT 'names ' || org_id || ' ' || fence FROM name_variations WHERE lease_owner LIKE :me",
            me=f"%:{pid}:%",
        )
        return {row["claim"] for row in found}

    def down(self, server: Server) -> None:
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()

    def up(self, server: Server) -> None:
        server.spawn()
        server.await_ready(same_port=True)

    # Waiting; whatever died meanwhile is started again, as `senso up` would.

    def until(self, condition: Callable[[], Any], seconds: float, otherwise: str) -> float:
        """Seconds it took. A look that finds no Postgres is a look in vain."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            self.watch()
            with suppress(SensoError):
                if condition():
                    return time.monotonic() - started
            time.sleep(0.1)
        pytest.fail(f"{otherwise} (waited {seconds:.0f} s); {self.tell()}")

    def watch(self) -> None:
        for child in self.running.children:
            if child.name not in self.left_dead and child.ended:
                self.running.watch()

    def end(self, batches: list[UUID], seconds: float = 150) -> float:
        return self.until(lambda: not self.open(batches), seconds, "batches did not end")

    def open(self, batches: list[UUID]) -> int:
        return self.make.one(
            "SELECT count(*) FROM batches WHERE id = ANY(CAST(:ids AS uuid[])) AND state IN ('queued', 'running')",
            ids=[str(batch) for batch in batches],
        )

    def in_flight(self) -> int:
        """Direct calls that are claimed and have not reported back."""
        return self.make.one(
            "SELECT (SELECT count(*) FROM question_runs WHERE state = 'asking' AND lease_owner IS NOT NULL) "
            "+ (SELECT count(*) FROM evaluations WHERE state = 'extracting' AND lease_owner IS NOT NULL)"
        )

    def wait_for_flight(self, number: int, seconds: float = 60) -> None:
        self.until(lambda: self.in_flight() >= number, seconds, f"there were never {number} calls in flight")

    def calls_made(self) -> int:
        return self.make.one("SELECT coalesce(max(id), 0) FROM llm_calls")

    def asked(self) -> int:
        """Calls that only a message can have started: whoever has an answer in hand reads it without one."""
        return self.make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'")

    def claimed_again(self, held: set[str], seconds: float = 60) -> float:
        """Seconds until a claim of what a dead process held is claimed by another."""
        return self.until(lambda: self.fences_risen(held), seconds, "its work was never claimed again")

    def fences_risen(self, held: set[str]) -> int:
        kinds = {"ask": ("question_runs", "id"), "read": ("evaluations", "run_id")}
        return sum(
            self.make.one(
                f"SELECT count(*) FROM {table} t JOIN (SELECT split_part(c, ' ', 2)::uuid AS id, "
                f"split_part(c, ' ', 3)::int AS fence FROM unnest(CAST(:held AS text[])) c) h ON h.id = t.{column} "
                "WHERE t.fence > h.fence AND t.state NOT IN ('planned', 'pending')",
                held=[claim for claim in held if claim.startswith(kind)],
            )
            for kind, (table, column) in kinds.items()
        )

    # What it shows.

    def states(self) -> dict[str, int]:
        return {row["state"]: row["n"] for row in self.make.sql("SELECT state, count(*) AS n FROM batches GROUP BY 1")}

    def ready(self) -> dict[str, int]:
        with self.servers.client() as client:
            return {name: n for name in (*CALL_QUEUES, *CONTROL_QUEUES) if (n := client.llen(name))}

    def strikes(self, name: str) -> int:
        """How often a failpoint or a sabotage of that name struck."""
        return len(list((self.home / "strikes").glob(f"{name}.*")))

    def repairs(self) -> dict[str, int]:
        found = self.make.sql("SELECT kind, sum(count) AS n FROM repairs GROUP BY kind ORDER BY kind")
        return {row["kind"]: int(row["n"]) for row in found}

    def tell(self) -> dict[str, Any]:
        with suppress(SensoError):
            batches = self.make.sql("SELECT state, planned, remaining, error FROM batches LIMIT 5")
            return {"batches": batches, "repairs": self.repairs(), "logs": str(self.home)}
        return {"logs": str(self.home)}


def children(plan: Plan, home: Path) -> dict[str, stack.Child]:
    made = stack.call_workers(plan.call_workers)
    for number in range(1, plan.control_workers + 1):
        made.append(stack.worker(f"control-{number}", CONTROL_QUEUES, stack.CONTROL_THREADS))
    for number in range(1, plan.beats + 1):
        (home / f"beat-{number}").mkdir()
        beat = stack.beat(home / f"beat-{number}")
        beat.name = f"beat-{number}"
        made.append(beat)
    return {child.name: arranged(child, plan) for child in made}


def arranged(child: stack.Child, plan: Plan) -> stack.Child:
    if "worker" in child.arguments:
        child.arguments = [*child.arguments, "-I", "saboteur"]
    if child.name in plan.code_of:
        # Celery looks for the app in its working folder before anywhere else.
        child.arguments = [*child.arguments[:2], "--workdir", str(plan.code_of[child.name]), *child.arguments[2:]]
    wanted = plan.sabotage.get(child.name, plan.sabotage.get("all", ""))
    child.environment = {
        **child.environment,
        "SABOTAGE": wanted,
        # Not in our own environment: what a test process itself calls must not die.
        "FAILPOINTS": json.dumps(plan.failpoints),
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
    }
    return child


@contextmanager
def running(plan: Plan, servers: Servers, home: Path) -> Iterator[Product]:
    """On a database of its own, with Redis empty; whatever the test left broken is whole again afterwards."""
    before = dict(os.environ)
    database = f"faults_{time.monotonic_ns()}"
    run_sql(servers.url_of("postgres").replace("+psycopg2", ""), f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    servers.clear_redis()
    (home / "strikes").mkdir()
    redis_proxy = Proxy(servers.redis.port) if plan.redis_proxy else None
    outside = sandbox_for(plan, home)
    try:
        os.environ |= environment(plan, servers, home, database, redis_proxy)
        os.environ |= addresses(stack.announced(home / "url", outside.children[0]))
        forget_settings()
        sandbox = Sandbox(os.environ["OPENAI_BASE_URL"].removesuffix("/openai/v1"))
        product = Product(plan, servers, home, sandbox)
        product.redis_proxy = redis_proxy
        product.running.start()
        product.await_workers()
        yield product
    finally:
        with suppress(UnboundLocalError):
            product.running.stop()
        outside.stop()
        if redis_proxy:
            redis_proxy.close()
        database_module.engine().dispose()
        os.environ.clear()
        os.environ |= before
        use_database(before["DATABASE_URL"])
        forget_settings()
        for server in (servers.redis, servers.postgres):
            server.mend()
        run_sql(servers.url_of("postgres").replace("+psycopg2", ""), f"DROP DATABASE {database} WITH (FORCE)")


def environment(plan: Plan, servers: Servers, home: Path, database: str, redis_proxy: Proxy | None) -> dict[str, str]:
    redis_url = servers.redis.url
    if redis_proxy:
        redis_url = redis_url.replace(f":{servers.redis.port}/", f":{redis_proxy.port}/")
    return {
        "DATABASE_URL": servers.url_of(database),
        "REDIS_URL": redis_url,
        "SENSO_HOME": str(home),
        "SABOTAGE_FOLDER": str(home / "strikes"),
        "FAILPOINTS_FOLDER": str(home / "strikes"),
        **plan.environment,
    }


def sandbox_for(plan: Plan, home: Path) -> stack.Stack:
    seconds = ("--answer-seconds", str(plan.answer_seconds), "--reading-seconds", str(plan.reading_seconds))
    seconds += ("--snapshot-seconds", str(plan.snapshot_seconds))
    outside = stack.Stack([stack.sandbox(home / "url", "--seed", str(SEED), *seconds)], say=print, logs=home)
    outside.start()
    return outside


def forget_settings() -> None:
    settings.cache_clear()
    database_module.engine.cache_clear()
    reach.provider.cache_clear()
    failpoints.armed.cache_clear()
