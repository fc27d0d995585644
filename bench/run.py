"""How fast the product is, and what it costs, beside a bare program that does the same work and keeps no promise.

The product is `senso up` as a user starts it, on embedded servers in a temporary home. Nothing is asserted.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import counters
import hot
import processes
import product
from printing import print_case, print_settings
from processes import Peak, Roots
from product import Product
from work import CASES, COUNTED_ORGS, RUNS_EACH, Case, Work

from senso.embedded import Urls

HERE = Path(__file__).parent
OUT = HERE / "out"
END_SECONDS = 900
IDLE_SECONDS = 12


@dataclass(frozen=True)
class Options:
    orgs: int
    answer_seconds: float
    reading_seconds: float
    snapshot_seconds: float
    sandbox: bool
    profile: bool


@dataclass
class Measured:
    """Of one case. CPU in milliseconds a run, by kind of process; `idle` in milliseconds a second."""

    case: str
    runs: int
    seconds: float
    load_average: float
    states: dict[str, int]
    finished_by: dict[str, int]
    cpu_ms: dict[str, float]
    idle_cpu_ms: dict[str, float]
    peak_bytes: int
    peak_kinds: dict[str, int]
    redis_peak_bytes: int
    transactions: float
    idle_transactions: float
    log_bytes: float
    redis_commands: float
    redis_top: dict[str, float]
    provider_calls: dict[str, int]
    start_seconds: float
    repairs: dict[str, int]
    twice: int  # calls made more than once for one run and purpose
    statements: float = 0
    statements_top: dict[str, float] = field(default_factory=dict)
    bare: dict[str, float] = field(default_factory=dict)
    textbook: dict[str, float] = field(default_factory=dict)  # empty where the case is not one of direct models

    @property
    def rate(self) -> float:
        return self.runs / self.seconds

    @property
    def ours_ms(self) -> float:
        return sum(used for kind, used in self.cpu_ms.items() if kind != "stand-in")


def stand_in(options: Options, case: Case) -> list[str]:
    seconds = {name: getattr(options, f"{name}_seconds") for name in ("answer", "reading", "snapshot")}
    waits = [word for name, value in seconds.items() for word in (f"--{name}-seconds", str(value))]
    if options.sandbox:
        return ["-m", "senso.sandbox", "--seed", "7", *waits]
    return [str(HERE / "model_server.py"), "--case", case.name, "--orgs", str(options.orgs), *waits]


def roots(running: Product, stand_in_pid: int) -> Roots:
    pids = running.servers
    return Roots(running.up, pids["postgres"], pids["redis"], pids["guardian"], stand_in_pid)


def ids(orgs: Sequence[Any]) -> list[str]:
    return [str(org.id) for org in orgs]


def warm_up(running: Product, work: Work) -> None:
    """Imports, connections and plans of one org's batch are not what a night of many is made of."""
    running.load(work.document)
    running.wait(running.trigger(ids(work.warming_up)), END_SECONDS)


def idle(running: Product, of: Roots) -> tuple[processes.Seconds, float]:
    """What ticks, heartbeats and events cost while there is nothing to do: CPU and transactions a second."""
    time.sleep(counters.HAND_IN_SECONDS)
    before, used = counters.counts(running), processes.cpu(of)
    time.sleep(IDLE_SECONDS)
    spent = processes.spent(used, processes.cpu(of))
    counted = counters.counts(running).since(before)
    return {kind: value / IDLE_SECONDS for kind, value in spent.items()}, counted.transactions / IDLE_SECONDS


def calls(url: str, options: Options) -> dict[str, int]:
    """How often the stand-in was asked, by what; the sandbox keeps a row for each, so there it is asked only once."""
    import requests  # noqa: PLC0415  the bare program has none

    if options.sandbox:
        return {"all": len(requests.get(f"{url}/_sandbox/calls", timeout=60).json())}
    return dict(requests.get(f"{url}/_calls", timeout=10).json())


SPAN = """SELECT extract(epoch FROM max(ended_at) - min(queued_at))::float, sum(planned)::int
    FROM batches WHERE id = ANY(%s::uuid[])"""
REPAIRS = "SELECT kind, sum(count)::int FROM repairs GROUP BY kind"
TWICE = """SELECT coalesce(sum(n - 1), 0)::int FROM (SELECT count(*) AS n FROM llm_calls
    WHERE batch_id = ANY(%s::uuid[]) AND run_id IS NOT NULL GROUP BY run_id, purpose) AS calls"""
ENDS = "SELECT {0}, count(*) FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY {0}"


def measure(running: Product, work: Work, of: Roots, url: str, options: Options) -> Measured:
    """From the first batch queued to the last one ended and pushed; pushes are in the CPU, not in the seconds."""
    idle_cpu, idle_transactions = idle(running, of)
    peak, asked = Peak(), calls(url, options)
    commands, before, used = counters.redis_commands(running), counters.counts(running), processes.cpu(of)
    with processes.watched(lambda: peak.look(of)):
        triggering = time.process_time()
        batches = running.trigger(ids(work.measured))
        triggering = time.process_time() - triggering
        running.wait(batches, END_SECONDS)
    spent = processes.spent(used, processes.cpu(of)) | {"trigger": triggering}
    load = os.getloadavg()[0]
    asked = {what: count - asked.get(what, 0) for what, count in calls(url, options).items()}
    redis = counters.redis_commands(running) - commands
    batch_ids = [str(batch) for batch in batches]
    ((seconds, runs),) = running.query(SPAN, batch_ids)
    time.sleep(counters.HAND_IN_SECONDS)
    counted = counters.counts(running).since(before)
    extra = idle_transactions * counters.HAND_IN_SECONDS
    return Measured(
        case=work.case.name,
        runs=runs,
        seconds=seconds,
        load_average=load,
        states=dict(running.query(ENDS.format("state"), batch_ids)),
        finished_by=dict(running.query(ENDS.format("finished_by"), batch_ids)),
        cpu_ms={kind: value * 1000 / runs for kind, value in spent.items()},
        idle_cpu_ms={kind: value * 1000 for kind, value in idle_cpu.items()},
        peak_bytes=peak.total,
        peak_kinds=peak.kinds,
        redis_peak_bytes=counters.redis_memory(running),
        transactions=(counted.transactions - extra) / runs,
        idle_transactions=idle_transactions,
        log_bytes=counted.log_bytes / runs,
        redis_commands=sum(redis.values()) / runs,
        redis_top={name: count / runs for name, count in redis.most_common(8)},
        provider_calls=asked,
        start_seconds=running.started_seconds,
        repairs=dict(running.query(REPAIRS)),
        twice=running.query(TWICE, batch_ids)[0][0],
    )


def count_statements(running: Product, work: Work, found: Measured) -> None:
    with counters.statements(running) as counted:
        running.wait(running.trigger(ids(work.counted)), END_SECONDS)
    runs = COUNTED_ORGS * RUNS_EACH
    found.statements = sum(counted.values()) / runs
    found.statements_top = {words: count / runs for words, count in counted.most_common(14)}


def bare(urls: Urls, url: str, work: Work, postgres: int) -> dict[str, float]:
    """On the same Postgres, in a database of its own, while the product rests."""
    plain = urls.database_url.replace("postgresql+psycopg2://", "postgresql://")
    product.query(plain, "CREATE DATABASE bare")
    arguments = ["--case", work.case.name, "--orgs", str(work.orgs), "--url", url]
    before = pool_cpu(postgres)
    done = subprocess.run(
        [sys.executable, str(HERE / "bare.py"), *arguments],
        env={**os.environ, "BARE_DATABASE": plain.rpartition("/")[0] + "/bare"},  # its password is for no command line
        check=False,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"the bare program failed: {done.stderr[-1500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    found["postgres_seconds"] = pool_cpu(postgres) - before
    return found


def textbook(urls: Urls, url: str, work: Work, servers: Mapping[str, int]) -> dict[str, float]:
    """A Celery chord as its guide has it, on the same servers, in databases of its own."""
    product.query(urls.database_url, "CREATE DATABASE textbook")
    redis = urls.redis_url.rpartition("/")[0]
    environment = {
        "TEXTBOOK_DATABASE": urls.database_url.rpartition("/")[0] + "/textbook",
        "TEXTBOOK_BROKER": f"{redis}/8",
        "TEXTBOOK_RESULTS": f"{redis}/9",
        "TEXTBOOK_URL": f"{url}/openai/v1",
    }
    before = {name: pool_cpu(servers[name]) for name in ("postgres", "redis")}
    done = subprocess.run(
        [sys.executable, str(HERE / "textbook.py"), "--orgs", str(work.orgs)],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"the textbook failed: {done.stderr[-1500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found | {f"{name}_seconds": pool_cpu(servers[name]) - used for name, used in before.items()}


def pool_cpu(postgres: int) -> float:
    return sum(map(processes.cpu_of, processes.tree(postgres, processes.parents())))


def run_case(case: Case, options: Options) -> Measured | None:
    work = Work(case, options.orgs)
    with ExitStack() as stack:
        folder = stack.enter_context(product.temporary_folder())
        url, pid = stack.enter_context(product.standing_in(folder, stand_in(options, case)))
        urls = stack.enter_context(product.embedded(folder))
        with product.up(folder, urls, product.addresses(url)) as running:
            print(f"\n{case.title}: up after {running.started_seconds:.1f} s", flush=True)
            warm_up(running, work)
            of = roots(running, pid)
            if options.profile:
                hot.profile(of, lambda: ended(running, work), OUT)
                return None
            found = measure(running, work, of, url, options)
            print_settings(counters.settings_in_force(running))
            count_statements(running, work, found)
            servers = running.servers
        if case.name == "direct":
            found.textbook = textbook(urls, url, work, servers)
        found.bare = bare(urls, url, work, servers["postgres"])
        shutil.copy(folder / "up.log", OUT / f"{case.name}-up.log")
    return found


def ended(running: Product, work: Work) -> list[UUID]:
    batches = running.trigger(ids(work.measured))
    running.wait(batches, END_SECONDS)
    return batches


def revision() -> str:
    """With a "+" when the checkout holds what no commit has."""
    git = ["git", "-C", str(HERE)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True).stdout
    changed = subprocess.run([*git, "status", "--short", "../senso"], check=False, capture_output=True).stdout
    return head.strip() + ("+" if changed else "")


def machine() -> str:
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return (
        f"{os.cpu_count()} cores of {cpu.partition(': ')[2]}, {platform.platform()}, Python {platform.python_version()}"
    )


def options_given() -> tuple[list[str], Options]:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orgs", type=int, default=20, help="each has 60 runs")
    given.add_argument("--case", choices=CASES, action="append", help="default: each of them")
    given.add_argument("--answer-seconds", type=float, default=0.3)
    given.add_argument("--reading-seconds", type=float, default=0.15)
    given.add_argument("--snapshot-seconds", type=float, default=3.0)
    given.add_argument("--sandbox", action="store_true", help="answer with senso.sandbox, not with the fast stand-in")
    given.add_argument("--profile", action="store_true", help="py-spy a call worker and control; measures nothing")
    read = vars(given.parse_args())
    return read.pop("case") or list(CASES), Options(**read)


def each_by_itself(cases: Sequence[str]) -> int:
    """A process for each, since Celery and the engine read their addresses once."""
    codes = [subprocess.run([sys.executable, *sys.argv, "--case", case], check=False).returncode for case in cases]
    return max(codes)


def one_case(case: Case, options: Options) -> None:
    product.forget_environment()
    OUT.mkdir(exist_ok=True)
    name = "senso.sandbox" if options.sandbox else "bench/model_server.py"
    print(
        f"{machine()}\nsenso at {revision()}, load average before: {os.getloadavg()[0]:.1f}; models answered by {name}",
        flush=True,
    )
    found = run_case(case, options)
    if found is None:
        return
    print_case(found)
    path = OUT / f"{case.name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(
        json.dumps(
            {"machine": machine(), "revision": revision(), "options": asdict(options), **asdict(found)}, indent=1
        )
    )
    print(f"\nJSON: {path}")


def main() -> int:
    cases, options = options_given()
    if len(cases) > 1:
        return each_by_itself(cases)
    one_case(CASES[cases[0]], options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
