"""Networks of fifty orgs: 60 questions' runs are asked once, and 3,000 answers read, of each network.

One network says how long it takes and what an answer costs that is read for many; sixty are a night: 3,600 runs and
180,000 evaluations. `--one-by-one` reads with a call for each org, to compare.
"""

import argparse
import os
import time
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import counters
import processes
from machine import heading, save
from printing import MB, kinds, line, print_settings
from processes import Peak
from stand import Ground, Options, add_options, ground, options_of
from watch import Watch, figures
from work import CASES, Work

from senso.sandbox.orgs import LARGE_NETWORK_SIZE

BETWEEN_LOOKS = 10.0
POLL_SECONDS = 0.5
PATIENCE_SECONDS = 3600
LEFT = """SELECT count(*) FILTER (WHERE b.kind = 'network_org')::int,
        count(*) FILTER (WHERE b.state IN ('queued', 'running') OR p.status IS DISTINCT FROM 'sent')::int
    FROM batches b LEFT JOIN pushes p ON p.batch_id = b.id WHERE b.network_id IS NOT NULL"""
SPAN = """SELECT extract(epoch FROM max(ended_at) - min(queued_at))::float,
        extract(epoch FROM max(ended_at) FILTER (WHERE kind = 'network') - min(queued_at))::float
    FROM batches WHERE network_id IS NOT NULL"""
ENDS = """SELECT kind || ' ' || state, count(*)::int FROM batches WHERE network_id IS NOT NULL GROUP BY 1"""
BY = "SELECT finished_by, count(*)::int FROM batches WHERE kind = 'network_org' GROUP BY 1"
BY_RULE = """SELECT count(*)::int, count(*) FILTER (WHERE marks @> '[{"kind": "read-by-rule"}]')::int
    FROM evaluations WHERE state = 'done' AND batch_id IN (SELECT id FROM batches WHERE network_id IS NOT NULL)"""
CALLS = """SELECT purpose, count(DISTINCT coalesce(shared_id, c.id))::int, sum(tokens_in)::bigint,
        sum(tokens_cached)::bigint, sum(tokens_out)::bigint, sum(cost_microusd)::bigint
    FROM llm_calls c JOIN batches b ON b.id = c.batch_id WHERE b.network_id IS NOT NULL GROUP BY purpose"""


@dataclass
class Found:
    """`seconds`: from the first trigger to the last end; `asking_seconds`: until the last network had its answers."""

    networks: int
    seconds: float
    asking_seconds: float
    load_average: float
    evaluations: int
    by_rule: int
    states: dict[str, int]
    finished_by: dict[str, int]
    calls: dict[str, dict[str, int]]
    cpu_ms: dict[str, float]
    peak_bytes: int
    peak_kinds: dict[str, int]
    redis_peak_bytes: int
    repairs: dict[str, int]

    @property
    def ours_ms(self) -> float:
        return processes.ours(self.cpu_ms)


def trigger_all(here: Ground) -> None:
    from senso.cli.terms import terms  # noqa: PLC0415  reads the settings
    from senso.workflows.initiator import Initiator  # noqa: PLC0415
    from senso.workflows.trigger import trigger_network  # noqa: PLC0415

    for network in here.work.document["networks"]:
        trigger_network(UUID(network["id"]), Initiator("bench", "bench"), terms())


def wait(here: Ground) -> None:
    """Until every org has its batch, and all have ended and were pushed."""
    expected = sum(len(network["orgs"]) for network in here.work.document["networks"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ((members, left),) = here.running.query(LEFT)
        if members == expected and not left:
            return
        time.sleep(POLL_SECONDS)
    raise SystemExit(f"not all ended: {here.running.query(ENDS)}")


def measure(here: Ground) -> Found:
    peak, used = Peak(), processes.cpu(here.of)
    with processes.watched(lambda: peak.look(here.of)):
        trigger_all(here)
        wait(here)
    spent, load = processes.spent(used, processes.cpu(here.of)), os.getloadavg()[0]
    ((seconds, asking),) = here.running.query(SPAN)
    ((evaluations, by_rule),) = here.running.query(BY_RULE)
    names = ("calls", "tokens_in", "tokens_cached", "tokens_out", "cost_microusd")
    return Found(
        networks=here.work.networks,
        seconds=seconds,
        asking_seconds=asking,
        load_average=load,
        evaluations=evaluations,
        by_rule=by_rule,
        states=dict(here.running.query(ENDS)),
        finished_by=dict(here.running.query(BY)),
        calls={purpose: dict(zip(names, map(int, of), strict=True)) for purpose, *of in here.running.query(CALLS)},
        cpu_ms={kind: value * 1000 / evaluations for kind, value in spent.items()},
        peak_bytes=peak.total,
        peak_kinds=peak.kinds,
        redis_peak_bytes=counters.redis_memory(here.running),
        repairs=dict(here.running.query("SELECT kind, sum(count)::int FROM repairs GROUP BY kind")),
    )


def print_found(one: Found, options: Options) -> None:
    print(f"\n== {one.networks} networks of {LARGE_NETWORK_SIZE}: {one.evaluations} evaluations ==")
    line(
        "seconds",
        f"{one.seconds:.1f}",
        f"of which asking {one.asking_seconds:.1f}; load average {one.load_average:.1f}",
    )
    alone = one.evaluations * options.reading_seconds
    line("one after the other", f"{alone + one.asking_seconds:.0f}", "the same asking, then a call for each evaluation")
    line("CPU ms per evaluation", f"{one.ours_ms:.2f}", f"without the stand-in's {one.cpu_ms['stand-in']:.2f}")
    for kind, used in sorted(one.cpu_ms.items(), key=lambda item: -item[1]):
        line(f"  {kind}", f"{used:.2f}")
    line("peak memory MB (PSS)", f"{one.peak_bytes / MB:.0f}", kinds(one.peak_kinds))
    line("Redis' own peak MB", f"{one.redis_peak_bytes / MB:.1f}")
    line("read by rule", str(one.by_rule))
    for purpose, of in one.calls.items():
        each = {name: round(count / one.evaluations, 3) for name, count in of.items()}
        line(f"{purpose}", str(of["calls"]), f"per evaluation {each}")
    line("ended", str(one.states), f"finished by {one.finished_by}; repairs: {one.repairs or 'none'}")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=LARGE_NETWORK_SIZE))
    given.add_argument("--one-by-one", action="store_true", help="a call for each org, as ORGS_PER_READING=1 makes it")
    read = given.parse_args()
    options, more = options_of(read), {"ORGS_PER_READING": "1"} if read.one_by_one else {}
    said = heading()
    print(said, flush=True)
    with ground(Work(CASES["networks"], options.orgs), options, more) as here:
        print_settings(counters.settings_in_force(here.running))
        watch = Watch(here)
        with processes.watched(watch.tell, BETWEEN_LOOKS):
            found = measure(here)
        checked = here.doctor()
    print(f"\n{said}")
    print_found(found, options)
    print(f"\n{checked}")
    kept: dict[str, Any] = {"doctor": checked, "looks": figures(watch.looks)}
    save("networks", {"options": asdict(options), **asdict(found), **kept})


if __name__ == "__main__":
    main()
