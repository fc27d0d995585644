"""CPU cost of 400 calls in flight for a minute, with the latency of real models.

Two call workers with 200 calls each, 5 s per answer and 5 s per reading. Target: 400 calls in flight with at most
60 % of one core.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

import processes
from machine import heading, save
from printing import line
from stand import Ground, Options, add_options, ground, ids, options_of
from watch import Look, Watch, cpu_shares, figures
from work import CASES, Work

BETWEEN_LOOKS = 3.0
FULL = 0.95  # of all call slots: from then on, the load counts as steady
CLAIMED = "SELECT count(*) FROM llm_calls WHERE outcome IS NULL"
AIM_CORES = 0.6


def until_full(watch: Watch, wanted: int, seconds: float) -> bool:
    """Whether `wanted` calls were in flight before the time was up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if watch.ground.in_flight() >= wanted:
            return True
        time.sleep(0.5)
    return False


def steady(watch: Watch, seconds: float) -> tuple[Sequence[Look], list[int]]:
    """The looks taken under steady load, and the numbers of claimed calls according to the rows."""
    watch.looks.clear()
    claimed: list[int] = []
    watch.tell()
    with processes.watched(watch.tell, BETWEEN_LOOKS):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            claimed.append(watch.ground.running.query(CLAIMED)[0][0])
            time.sleep(BETWEEN_LOOKS)
    return watch.looks, claimed


def figures_of(looks: Sequence[Look], claimed: Sequence[int]) -> dict[str, Any]:
    first, last = looks[0], looks[-1]
    flying, cpu = [one.in_flight for one in looks], cpu_shares(first, last)
    return {
        "seconds": last.at - first.at,
        "in_flight": {"mean": mean(flying), "least": min(flying), "most": max(flying)},
        "claimed": {"mean": mean(claimed), "least": min(claimed), "most": max(claimed)},
        "runs_per_second": (last.runs - first.runs) / (last.at - first.at),
        "cpu": cpu,
        "cores": processes.ours(cpu),
    }


def print_figures(found: dict[str, Any], wanted: int) -> None:
    for name, key in (("calls in flight", "in_flight"), ("claimed, as rows say", "claimed")):
        line(name, f"{found[key]['mean']:.0f}", f"of {wanted}; {found[key]['least']} to {found[key]['most']}")
    line("for s", f"{found['seconds']:.0f}")
    line("runs/s", f"{found['runs_per_second']:.1f}")
    line("CPU, % of one core", f"{100 * found['cores']:.0f}", f"without the stand-in's; the aim is {AIM_CORES:.0%}")
    for kind, share in sorted(found["cpu"].items(), key=lambda item: -item[1]):
        line(f"  {kind}", f"{100 * share:.1f}")


def held(here: Ground, wanted: int, seconds: float) -> tuple[dict[str, Any], Watch]:
    watch = Watch(here)
    here.running.trigger(ids(here.work.measured))
    if not until_full(watch, round(FULL * wanted), seconds):
        print(f"never {FULL:.0%} of {wanted} in flight; what follows is not the steady state", flush=True)
    return figures_of(*steady(watch, seconds)), watch


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=80, call_workers=2, answer_seconds=5.0, reading_seconds=5.0))
    given.add_argument("--calls", type=int, default=200, help="of each call worker; default 200")
    given.add_argument("--seconds", type=float, default=60.0, help="of the steady time; default 60")
    read = given.parse_args()
    options, wanted, said = options_of(read), read.calls * read.call_workers, heading()
    print(said, flush=True)
    with ground(Work(CASES["direct"], options.orgs), options, {"CALLS_IN_FLIGHT": str(read.calls)}) as here:
        found, watch = held(here, wanted, read.seconds)
    print(f"\n== in flight: {said} ==")
    print_figures(found, wanted)
    save("in-flight", {"options": asdict(options), "wanted": wanted, **found, "looks": figures(watch.looks)})


if __name__ == "__main__":
    main()
