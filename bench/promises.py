"""How long `doctor --invariants` takes in a database of many runs: by check, as a command, and while work goes on.

The product works off a few batches of direct runs and jobs, which are then copied until there are as many runs as
wanted. While work goes on, the command runs repeatedly: each violation that it then reports is a false alarm.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import copies
import processes
from machine import heading, save
from measuring import longest
from printing import MB, line
from stand import Ground, Options, add_options, ground, ids, options_of
from work import Case, Work

from senso.db import transaction
from senso.policy import POLICY
from senso.settings import settings

# Two thirds of the runs are direct, one third is in two jobs of ten.
MIXED = Case("mixed", "two direct models and chatgpt, at two places", ("gpt-6.1-terra", "gpt-6-luna", "chatgpt"), 2)
ROUNDS = 3
LONGEST_SECONDS = 600
COUNTED = ("batches", "question_runs", "evaluations", "llm_calls", "ledger", "metrics", "citations", "pushes", "outbox")


@dataclass(frozen=True)
class Called:
    """One run of the command in its own process. `postgres`: CPU seconds of the server."""

    seconds: float
    cpu: float
    postgres: float
    peak_bytes: int
    code: int
    broken: list[str]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=12))
    given.add_argument("--runs", type=int, default=100_000, help="default 100000: in the database when it is looked at")
    given.add_argument("--looks", type=int, default=30, help="default 30: while work goes on, at least")
    given.add_argument("--working", type=int, default=40, help="default 40: orgs of 60 runs at work meanwhile")
    read = given.parse_args()
    options, said = options_of(read), heading()
    print(said, flush=True)
    work = Work(MIXED, options.orgs + read.working)
    with ground(work, Options(**{**vars(options), "sandbox": True, "orgs": work.orgs})) as here:
        first, rest = ids(work.measured[: options.orgs]), ids(work.measured[options.orgs :])
        here.running.wait(opened(first), longest(options.orgs))
        grow(here, read.runs)
        found = {"rows": rows(here), **at_rest(here), "beside work": beside_work(here, rest, read.looks)}
    report(said, found)
    save("promises", {"runs": read.runs, **found})


def opened(orgs: Sequence[str]) -> list[UUID]:
    from senso.cli.terms import terms  # noqa: PLC0415  reads the settings
    from senso.workflows.initiator import Initiator  # noqa: PLC0415
    from senso.workflows.trigger import trigger_org  # noqa: PLC0415

    by, under = Initiator("bench", "bench"), terms()
    return [trigger_org(UUID(org), by, under, idempotency_key=f"bench {org}").batch.id for org in orgs]


def grow(here: Ground, runs: int) -> None:
    (there,) = here.running.query("SELECT count(*) FROM question_runs")[0]
    began = time.monotonic()
    with transaction() as db:
        db.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on")
        db.exec_driver_sql("SET LOCAL plan_cache_mode = auto; SET LOCAL work_mem = '256MB'")
        copies.multiply(db, max(0, round(runs / there) - 1))
    print(f"{runs} runs there after {time.monotonic() - began:.0f} s", flush=True)


def rows(here: Ground) -> dict[str, int]:
    return {table: here.running.query(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}


def at_rest(here: Ground) -> dict[str, Any]:
    """Times each check in a new session, once and then ROUNDS more times; then the command."""
    first = by_check()
    again = [by_check() for _ in range(ROUNDS)]
    warm = {name: median(one[name] for one in again) for name in first}
    return {
        "checks": {name: [first[name], warm[name]] for name in first},
        "command": [vars(called(here)) for _ in range(ROUNDS)],
        "command --since 1h": [vars(called(here, "--since", "1h")) for _ in range(ROUNDS)],
        "locks": locks(here),
    }


def by_check() -> dict[str, float]:
    from senso import db as database  # noqa: PLC0415
    from senso.queries import invariants  # noqa: PLC0415

    database.engine().dispose()
    took = {}
    with transaction() as db:
        invariants.use_snapshot(db)
        for check in invariants.CHECKS:
            began = time.perf_counter()
            found = invariants.broken(db, POLICY, settings().max_running_batches, only=(check,))
            took[check.name] = time.perf_counter() - began
            if found:
                print(f"BROKEN {check.name}: {found}", flush=True)
    return took


def called(here: Ground, *more: str) -> Called:
    """Runs `senso doctor --invariants --json`, as a cron job would every ten minutes."""
    before, server = resource.getrusage(resource.RUSAGE_CHILDREN), processes.cpu(here.of)["postgres"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "senso.cli", "doctor", "--invariants", "--json", *more],
        cwd=here.stand.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads(done.stdout) if done.stdout else {"broken": {done.stderr: []}}
    for name, found in told["broken"].items():
        print(f"BROKEN {name}: {found}", flush=True)
    used = processes.cpu(here.of)["postgres"] - server
    return Called(seconds, cpu, used, after.ru_maxrss * 1024, done.returncode, list(told["broken"]))


def locks(here: Ground) -> list[str]:
    """The lock modes that the checks hold."""
    from senso.queries import invariants  # noqa: PLC0415

    with transaction() as db:
        invariants.use_snapshot(db)
        invariants.broken(db, POLICY, settings().max_running_batches, since=datetime.now(UTC) - timedelta(minutes=1))
        (pid,) = db.exec_driver_sql("SELECT pg_backend_pid()").one()
        found = here.running.query("SELECT DISTINCT mode FROM pg_locks WHERE pid = %s ORDER BY mode", pid)
    return [mode for (mode,) in found]


def beside_work(here: Ground, orgs: Sequence[str], looks: int) -> dict[str, Any]:
    """Runs the command alternately without and with --since until all batches have ended, at least `looks` times."""
    runs = here.running.query("SELECT count(*) FROM question_runs")[0][0]
    began, batches = time.monotonic(), [str(one) for one in opened(orgs)]
    open_ = "SELECT count(*) FROM batches WHERE id = ANY(%s::uuid[]) AND state IN ('queued', 'running')"
    taken: list[dict[str, Any]] = []
    while len(taken) < looks or here.running.query(open_, batches)[0][0]:
        still = here.running.query(open_, batches)[0][0]
        more = ("--since", "1h") if len(taken) % 2 else ()
        taken.append({"at": time.monotonic() - began, "open": still, "more": more, **vars(called(here, *more))})
    worked = here.running.query("SELECT count(*) FROM question_runs")[0][0] - runs
    return {"runs": worked, "looks": taken}


def report(said: str, found: dict[str, Any]) -> None:
    print(f"\n== promises: {said} ==")
    print(", ".join(f"{count} {table}" for table, count in found["rows"].items()))
    print(f"\n{'ms at first':>12} {'again':>8}  check")
    for name, (first, again) in sorted(found["checks"].items(), key=lambda one: -one[1][1]):
        print(f"{first * 1000:>12.0f} {again * 1000:>8.0f}  {name}")
    print(f"{total(found, 0) * 1000:>12.0f} {total(found, 1) * 1000:>8.0f}  all {len(found['checks'])}")
    for name in ("command", "command --since 1h"):
        print_calls(name, found[name])
    line("locks of a look", "", ", ".join(found["locks"]))
    work = found["beside work"]
    busy = [one for one in work["looks"] if one["open"]]
    alarms = sorted({name for one in work["looks"] for name in one["broken"]})
    line("looks beside work", str(len(busy)), f"of {len(work['looks'])}, while {work['runs']} runs were worked off")
    line("false alarms", str(sum(bool(one["broken"]) for one in work["looks"])), ", ".join(alarms) or "none")
    print_calls("command beside work", [one for one in busy if not one["more"]])
    print_calls("the same --since 1h", [one for one in busy if one["more"]])


def total(found: dict[str, Any], place: int) -> float:
    return sum(took[place] for took in found["checks"].values())


def print_calls(name: str, calls: Sequence[dict[str, Any]]) -> None:
    if not calls:
        return
    of: Callable[[str], float] = lambda key: median(one[key] for one in calls)  # noqa: E731
    most = max(one["seconds"] for one in calls)
    more = f"CPU {of('cpu'):.2f} s and {of('postgres'):.2f} s of Postgres, {of('peak_bytes') / MB:.0f} MB"
    line(
        f"{name}, s",
        f"{of('seconds'):.2f}",
        f"at most {most:.2f}; {more}; codes {sorted({one['code'] for one in calls})}",
    )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
