"""The product on processes that a test may kill: sandbox, workers and beat, each under its own pid."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import plan as plans
import pytest
from ends import Claims, Ends
from factories import Factory
from ground import Sandbox, addresses, run_sql, use_database
from load import Load
from plan import Plan
from promises import Looks
from proxy import Proxy
from servers import Servers

from senso import db as database_module
from senso import failpoints, stack
from senso.embedded.server import Server
from senso.errors import SensoError
from senso.settings import settings
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

TEMPLATE = "faults_template"
SETTLE_SECONDS = 0.5  # in which the statements commit that a frozen process had sent
UNSENT = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND not_before < now() - interval '60 seconds'"
HELD = """
    SELECT 'ask ' || id || ' ' || fence AS claim FROM question_runs WHERE state = 'asking' AND lease_owner LIKE :me
    UNION ALL
    SELECT 'read ' || run_id || ' ' || fence FROM evaluations WHERE state = 'extracting' AND lease_owner LIKE :me
    UNION ALL
    SELECT 'names ' || org_id || ' ' || fence FROM name_variations WHERE lease_owner LIKE :me
    UNION ALL
    SELECT 'job ' || id || ' ' || fence FROM vendor_jobs WHERE state = 'submitting' AND lease_owner LIKE :me
"""
FENCES_RISEN = """
    SELECT count(*) FROM {table} t JOIN (SELECT split_part(c, ' ', 2)::uuid AS id, split_part(c, ' ', 3)::int AS fence
        FROM unnest(CAST(:held AS text[])) c) h ON h.id = t.{column}
    WHERE t.fence > h.fence AND t.state NOT IN ('planned', 'pending')
"""


class Gone(NamedTuple):
    """How a worker went that was told to; `held`: what it had in flight then."""

    seconds: float
    held: Claims
    code: int
    log: str


class Product:
    def __init__(self, plan: Plan, servers: Servers, home: Path, sandbox: Sandbox) -> None:
        self.plan, self.servers, self.home, self.sandbox = plan, servers, home, sandbox
        self.make = Factory()
        self.children = plans.children(plan, home)
        self.running = stack.Stack(list(self.children.values()), say=print, logs=home)
        self.ends = Ends(home / "strikes", plan.deadly, self.held_by)
        self.load = Load(plan, self.make.one)
        self.looks = Looks()
        self.redis_proxy: Proxy | None = None
        self.left_dead: set[str] = set()

    # What a test does to it.

    def kill(self, name: str) -> Claims:
        """Frozen first, so that what it has in its hands can be counted; what it died with."""
        self.freeze(name)
        process = self.children[name].process
        process.kill()
        process.wait()
        return self.ends.held[process.pid]

    def kill_with_work(
        self, name: str, at_least: int = 20, seconds: float = 60, *, kinds: Collection[str] = ()
    ) -> Claims:
        """Once it has so many calls in flight, and some of each of these kinds (`ask`, `read`)."""
        pid = self.children[name].process.pid

        def has_work() -> bool:
            held = self.held_by(pid)
            return len(held) >= at_least and all(any(one.startswith(kind) for one in held) for kind in kinds)

        self.until(has_work, seconds, f"{name} never had {at_least} calls in flight")
        return self.kill(name)

    def kill_all(self) -> Claims:
        for child in self.children.values():
            child.process.send_signal(signal.SIGSTOP)
        return set().union(*(self.kill(name) for name in self.children))

    def freeze(self, name: str) -> Claims:
        pid = self.children[name].process.pid
        self.children[name].process.send_signal(signal.SIGSTOP)
        time.sleep(SETTLE_SECONDS)
        self.ends.by_test(pid, self.held_by(pid))
        return self.ends.held[pid]

    def wake(self, name: str) -> None:
        self.children[name].process.send_signal(signal.SIGCONT)

    def tell_to_go(self, name: str, seconds: float = 30) -> Gone:
        """By SIGTERM. Who stays is killed."""
        process, told = self.children[name].process, time.monotonic()
        held = self.held_by(process.pid)
        self.ends.by_test(process.pid, held)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        return Gone(time.monotonic() - told, held, process.wait(), (self.home / f"{name}.log").read_text())

    def held_by(self, pid: int) -> Claims:
        return {row["claim"] for row in self.make.sql(HELD, me=f"%:{pid}:%")}

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
            if child.ended and child.name not in self.left_dead:
                with suppress(SensoError):
                    self.ends.look(child)
                    self.running.watch()

    def await_workers(self) -> None:
        wanted = self.plan.call_workers + self.plan.control_workers
        self.until(lambda: self.make.one("SELECT count(*) FROM workers") >= wanted, 90, "not all workers started")

    def end(self, seconds: float = 300) -> float:
        """Until no batch is open."""
        return self.until(lambda: not self.open(), seconds, "batches did not end")

    def open(self) -> int:
        return self.make.one("SELECT count(*) FROM batches WHERE state IN ('queued', 'running')")

    def in_flight(self) -> int:
        """Direct calls that are claimed and have not reported back."""
        return self.make.one(
            "SELECT (SELECT count(*) FROM question_runs WHERE state = 'asking' AND lease_owner IS NOT NULL) "
            "+ (SELECT count(*) FROM evaluations WHERE state = 'extracting' AND lease_owner IS NOT NULL)"
        )

    def wait_for_flight(self, number: int, seconds: float = 60) -> int:
        self.until(lambda: self.in_flight() >= number, seconds, f"there were never {number} calls in flight")
        return self.in_flight()

    def wait_for_messages(self, number: int, seconds: float = 60) -> int:
        self.until(lambda: self.waiting() >= number, seconds, f"there were never {number} messages waiting")
        return self.waiting()

    def next_ask(self, seconds: float = 90) -> float:
        """Until a question is asked, which only a message can start: whoever has an answer reads it without one."""
        before = self.asked()
        return self.until(lambda: self.asked() > before, seconds, "nobody asked again")

    def sent_what_waited(self, seconds: float = 30) -> float:
        """Until nothing is in the outbox that was due a minute ago: it could not be sent while something was away."""
        return self.until(lambda: self.make.one(UNSENT) == 0, seconds, "what was due was not sent")

    def next_end(self, seconds: float = 120) -> float:
        """Until another batch ends."""
        before = self.ended()
        return self.until(lambda: self.ended() > before, seconds, "no batch ended any more")

    def ended(self) -> int:
        return self.make.one("SELECT count(*) FROM batches WHERE ended_at IS NOT NULL")

    def asked(self) -> int:
        return self.make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'")

    def claimed_again(self, held: Claims, seconds: float = 60) -> float:
        """Seconds until a claim of what a dead process held is claimed by another."""
        return self.until(lambda: self.fences_risen(held), seconds, "its work was never claimed again")

    def fences_risen(self, held: Claims) -> int:
        kinds = {"ask": ("question_runs", "id"), "read": ("evaluations", "run_id")}
        return sum(
            self.make.one(
                FENCES_RISEN.format(table=table, column=column),
                held=[claim for claim in held if claim.startswith(kind)],
            )
            for kind, (table, column) in kinds.items()
        )

    # What it shows.

    def states(self) -> dict[str, int]:
        return {row["state"]: row["n"] for row in self.make.sql("SELECT state, count(*) AS n FROM batches GROUP BY 1")}

    def ready(self) -> dict[str, int]:
        """Messages by queue; a queue that is empty is not named."""
        with self.servers.client() as client:
            return {name: n for name in (*CALL_QUEUES, *CONTROL_QUEUES) if (n := client.llen(name))}

    def waiting(self) -> int:
        return sum(self.ready().values())

    def connections(self) -> int:
        """Of everybody to the product's database, this test among them."""
        return self.make.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")

    def strikes(self, name: str) -> int:
        """How often a failpoint or a sabotage of that name struck."""
        return len(list((self.home / "strikes").glob(f"{name}.*")))

    def wait_for_strike(self, name: str, times: int = 1, seconds: float = 60) -> int:
        self.until(lambda: self.strikes(name) >= times, seconds, f"{name} never struck {times} times")
        return self.strikes(name)

    def wait_for_death(self, seconds: float = 60) -> Claims:
        """What it had in its hands whom sabotage or a failpoint killed."""
        self.until(lambda: self.ends.held, seconds, "nobody died")
        return self.ends.in_hands()

    def said(self, name: str) -> list[float]:
        """The numbers that strikes of that name left."""
        files = (self.home / "strikes").glob(f"{name}.*")
        return [float(text) for file in files if (text := file.read_text())]

    def repairs(self) -> dict[str, int]:
        found = self.make.sql("SELECT kind, sum(count) AS n FROM repairs GROUP BY kind ORDER BY kind")
        return {row["kind"]: int(row["n"]) for row in found}

    def down(self, server: Server) -> None:
        self.servers.kill(server)

    def up(self, server: Server) -> None:
        self.servers.start_again(server)

    def tell(self) -> dict[str, Any]:
        with suppress(SensoError):
            batches = self.make.sql(
                "SELECT state, planned, remaining, error FROM batches WHERE ended_at IS NULL LIMIT 5"
            )
            return {"open": batches, "repairs": self.repairs(), "logs": str(self.home)}
        return {"logs": str(self.home)}


@contextmanager
def running(plan: Plan, servers: Servers, home: Path) -> Iterator[Product]:
    """On a database of its own, with Redis empty; whatever the test left broken is whole again afterwards."""
    before = dict(os.environ)
    database = f"faults_{time.monotonic_ns()}"
    run_sql(servers.plain_url_of("postgres"), f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    servers.clear_redis()
    (home / "strikes").mkdir()
    redis_proxy = Proxy(servers.redis.port) if plan.redis_proxy else None
    outside = plans.sandbox_for(plan, home)
    product = None
    try:
        redis_port = redis_proxy.port if redis_proxy else servers.redis.port
        os.environ |= plans.environment(plan, servers, home, database, redis_port)
        os.environ |= addresses(stack.announced(home / "url", outside.children[0]))
        forget_settings()
        product = Product(plan, servers, home, Sandbox(os.environ["OPENAI_BASE_URL"].removesuffix("/openai/v1")))
        product.redis_proxy = redis_proxy
        product.running.start()
        product.await_workers()
        yield product
    finally:
        if product:
            stop(product)
        outside.stop()
        if redis_proxy:
            redis_proxy.close()
        database_module.engine().dispose()
        os.environ.clear()
        os.environ |= before
        use_database(before["DATABASE_URL"])
        forget_settings()
        servers.mend()
        run_sql(servers.plain_url_of("postgres"), f"DROP DATABASE {database} WITH (FORCE)")


def stop(product: Product) -> None:
    for child in product.running.children:
        child.signal(signal.SIGCONT)
    product.load.enough()
    product.looks.end()
    product.running.stop()


def forget_settings() -> None:
    settings.cache_clear()
    database_module.engine.cache_clear()
    failpoints.armed.cache_clear()
