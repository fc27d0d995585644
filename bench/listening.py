"""What listeners of live events cost, how late they are told, and whether they miss anything.

`senso api` with so many listeners of all events, over real HTTP, while batches of one org go through the sandbox, one
after the other: without the API, with it and nobody listening, and with the listeners; then once more in the opposite
order, so that what changes with time does not decide. One more listener, of the batch itself, goes away and comes back
with Last-Event-ID ten times. The full size is the default; `--runs 600 --listeners 200 --rounds 1` takes a few minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any
from uuid import UUID, uuid5

import processes
import product
from ears import COMEBACKS, CONNECT_SECONDS, STREAMS_EACH
from machine import heading, save
from printing import line
from stand import Ground, Options, ground
from work import CASES, LOCATIONS, Case, Work

HERE = Path(__file__).parent
NO_API, NOBODY, LISTENERS = PHASES = ("no API", "API, nobody listens", "API with listeners")
QUESTIONS_EACH = 50
RUNS_EACH = QUESTIONS_EACH * 2 * len(LOCATIONS)
MOST_CORES, MOST_LAG_SECONDS, MOST_RATIO = 0.6, 2.0, 1.05
SPAN = "SELECT extract(epoch FROM ended_at - queued_at)::float, planned, state FROM batches WHERE id = %s"
EVENTS = "SELECT id, extract(epoch FROM created_at)::float FROM events WHERE batch_id = %s ORDER BY id"


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--runs", type=int, default=6_000, help="of each batch; default 6000")
    given.add_argument("--listeners", type=int, default=1_000, help="default 1000")
    given.add_argument("--rounds", type=int, default=2, help="default 2: there and back")
    given.add_argument("--answer-seconds", type=float, default=0.3, help="default 0.3")
    given.add_argument("--reading-seconds", type=float, default=0.15, help="default 0.15")
    read = given.parse_args()
    said = heading()
    print(said, flush=True)
    phases = [phase for turn in range(read.rounds) for phase in PHASES[:: -1 if turn % 2 else 1]]
    case = Case("listening", f"batches of {read.runs} runs", CASES["direct"].models, len(LOCATIONS), QUESTIONS_EACH)
    work = OneBatch(case, max(len(phases), read.runs // RUNS_EACH), wanted=read.runs)
    options = Options(
        len(phases), answer_seconds=read.answer_seconds, reading_seconds=read.reading_seconds, sandbox=True
    )
    with ground(work, options) as here:
        found = [
            measure(here, str(org.id), phase, read.listeners) for org, phase in zip(work.measured, phases, strict=False)
        ]
        promises = here.doctor()
    fine = report(said, read.listeners, found)
    print(f"\n{promises}")
    save("listening", {"listeners": read.listeners, "batches": found, "promises": promises})
    return 0 if fine else 1


@dataclass(frozen=True)
class OneBatch(Work):
    """Orgs whose batches have `wanted` runs: each asks the questions of all, which the sandbox knows."""

    wanted: int = 0

    @property
    def document(self) -> dict[str, Any]:
        made = super().document
        pool = [question for org in made["orgs"] for question in org["questions"]]
        count = self.wanted // (len(self.models) * self.places)
        for partner in made["partners"]:
            partner["credits"] = None
        for org in made["orgs"]:
            ids = (str(uuid5(UUID(org["id"]), str(place))) for place in range(count))
            org["questions"] = [question | {"id": id_} for question, id_ in zip(pool, ids, strict=False)]
        return made


def measure(here: Ground, org: str, phase: str, listeners: int) -> dict[str, Any]:
    """One batch of the org, from its trigger to its push."""
    print(f"\n{phase}", flush=True)
    if phase == NO_API:
        return one_batch(here, org, phase)
    with serving(here) as (url, pid):
        if phase == NOBODY:
            return one_batch(here, org, phase, pid)
        connecting = processes.cpu_of(pid)
        with heard(url, tokens(listeners), listeners, here.stand.folder) as (child, results):
            connecting = (processes.cpu_of(pid) - connecting) / listeners
            found = one_batch(here, org, phase, pid, child)
        return (
            found | {"connect_cpu_ms": 1000 * connecting} | told(here, found["batch"], json.loads(results.read_text()))
        )


def one_batch(
    here: Ground, org: str, phase: str, api: int | None = None, child: subprocess.Popen[str] | None = None
) -> dict[str, Any]:
    """`api`: its process. `child`: of the listeners, which is told the batch."""
    before, used, began = processes.cpu(here.of), processes.cpu_of(api) if api else 0.0, time.monotonic()
    (batch,) = here.running.trigger([org])
    if child is not None and child.stdin is not None:
        child.stdin.write(f"{batch}\n")
        child.stdin.flush()
    here.running.wait([batch], 3600)
    took = time.monotonic() - began
    cores = (processes.cpu_of(api) - used) / took if api else 0.0
    spent = processes.spent(before, processes.cpu(here.of))
    ((seconds, runs, state),) = here.running.query(SPAN, str(batch))
    each = {kind: 1000 * value / runs for kind, value in spent.items()}
    found = {"phase": phase, "batch": str(batch), "runs": runs, "seconds": seconds, "state": state, "api_cores": cores}
    print(f"{runs} runs {state} in {seconds:.1f} s; CPU {processes.ours(each):.2f} ms a run; API {cores:.3f} cores")
    return found | {"cpu_ms": each, "ours_ms": processes.ours(each)}


@contextmanager
def serving(here: Ground) -> Iterator[tuple[str, int]]:
    """`senso api` in a process of its own, which is none of the product's whose CPU is measured."""
    import requests  # noqa: PLC0415  listeners have none

    port = product.free_port()
    os.environ |= {"PORT": str(port), "API_STREAMS_PER_TOKEN": str(STREAMS_EACH)}
    try:
        with product.child("api", ["-m", "senso.cli", "api"], here.stand.folder) as process:
            deadline = time.monotonic() + product.READY_SECONDS
            while time.monotonic() < deadline:
                with suppress(requests.ConnectionError):
                    requests.get(f"http://127.0.0.1:{port}/health", timeout=10)
                    break
                time.sleep(0.1)
            time.sleep(2)  # what it does once after its start is not measured
            yield f"http://127.0.0.1:{port}", process.pid
    finally:
        for name in ("PORT", "API_STREAMS_PER_TOKEN"):
            del os.environ[name]


def tokens(listeners: int) -> list[str]:
    """With room for one more."""
    from senso.db import transaction  # noqa: PLC0415
    from senso.states import Scope  # noqa: PLC0415
    from senso.workflows.tokens import Wanted, create  # noqa: PLC0415

    with transaction() as db:
        return [
            create(db, Wanted("bench", Scope.READ, days=1), "bench")[1] for _ in range(listeners // STREAMS_EACH + 1)
        ]


@contextmanager
def heard(url: str, given: Sequence[str], listeners: int, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Listeners in a process of their own, all connected; the file has what they heard after the block."""
    results = folder / "heard.json"
    orders = json.dumps({"url": url, "tokens": given, "listeners": listeners, "results": str(results)})
    child = subprocess.Popen(
        [sys.executable, str(HERE / "ears.py"), orders], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        if child.stdout is None or child.stdout.readline() != "connected\n":
            raise SystemExit("the listeners did not connect")
        time.sleep(1)
        yield child, results
        time.sleep(3)  # what is on its way arrives
    finally:
        if child.stdin is not None:
            child.stdin.close()
        child.wait(CONNECT_SECONDS)


def told(here: Ground, batch: str, heard: dict[str, Any]) -> dict[str, Any]:
    """What the listeners heard of the batch, beside its rows."""
    written: dict[int, float] = dict(here.running.query(EVENTS, batch))
    ids, moments = list(written), list(written.values())
    missed = sum([id_ for id_, _ in one if id_ in written] != ids for one in heard["heard"])
    lags = [at - written[id_] for one in heard["heard"] for id_, at in one if id_ in written]
    apart = [later - earlier for earlier, later in pairwise(moments)]
    return {
        "events": len(ids),
        "wrong": missed + heard["cut_off"],
        "lag": {"median": median(lags), "p95": quantiles(lags, n=20)[-1], "most": max(lags)},
        "between": {"least": min(apart), "median": median(apart), "most": max(apart)},
        "again": [id_ for id_, _ in heard["again"]] == ids and heard["ended"],
    }


def report(said: str, listeners: int, found: Sequence[dict[str, Any]]) -> bool:
    """Prints the figures; whether all aims are met."""
    print(f"\n== listening: {listeners} listeners ==\n{said}\n")
    cpu = {phase: mean(one["ours_ms"] for one in found if one["phase"] == phase) for phase in PHASES}
    for phase in PHASES:
        rates = ", ".join(f"{one['runs'] / one['seconds']:.0f}" for one in found if one["phase"] == phase)
        line(phase, f"{cpu[phase]:.2f}", f"CPU ms a run, without the API's and the sandbox's own; {rates} runs/s")
    listened = [one for one in found if one["phase"] == LISTENERS]
    silent = max(one["api_cores"] for one in found if one["phase"] == NOBODY)
    aims = [
        aim("CPU of a run, ratio", cpu[LISTENERS] / cpu[NOBODY], MOST_RATIO, "with listeners : while nobody listens"),
        aim("API, cores", max(one["api_cores"] for one in listened), MOST_CORES, f"while nobody listens {silent:.3f}"),
        aim("lag p95, s", max(one["lag"]["p95"] for one in listened), MOST_LAG_SECONDS, "from look to listener"),
        aim("listeners that missed, repeated", sum(one["wrong"] for one in listened), 0, "or were cut off"),
        aim("came back, and missed", sum(not one["again"] for one in listened), 0, f"{COMEBACKS} times away"),
    ]
    line("API : no API", f"{cpu[NOBODY] / cpu[NO_API]:.3f}", "CPU of a run while nobody listens; no aim")
    for one in listened:
        line("lag, s", f"{one['lag']['median']:.3f}", f"{spread(one['lag'])}; {one['events']} events")
        line("between two events, s", f"{one['between']['median']:.2f}", spread(one["between"]))
        line("to connect, CPU ms", f"{one['connect_cpu_ms']:.1f}", "of the API, each listener")
    return all(aims)


def aim(name: str, value: float, most: float, more: str) -> bool:
    line(name, f"{value:.3f}", f"at most {most:g}: {'met' if value <= most else 'NOT MET'}; {more}")
    return value <= most


def spread(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in found.items())


if __name__ == "__main__":
    sys.exit(main())
