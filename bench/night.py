"""A whole night: 1,500 orgs with 60 direct runs each, triggered as by a user and watched until all have ended.

With --prompts, such as reading-4=50,reading-4-brief=50, answers are read by several versions of the prompt, and the
report that compares them is printed.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import counters
import processes
from machine import heading, save
from measuring import measure
from printing import print_case, print_settings
from stand import Options, add_options, ground, options_of
from watch import Look, Watch, figures
from work import CASES, Work

BETWEEN_LOOKS = 10.0
MINUTE = 60.0


def minutes(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Runs per second and CPU per run, minute by minute, to show any slowdown."""
    busy, steps = at_work(looks), round(MINUTE / BETWEEN_LOOKS)
    last = busy[-1:] if (len(busy) - 1) % steps else []
    return [minute(before, now) for before, now in pairwise([*busy[::steps], *last])]


def at_work(looks: Sequence[Look]) -> Sequence[Look]:
    """The looks from the last one before the first batch was queued to the first one after the last batch had ended."""
    busy = [place for place, one in enumerate(looks) if one.queued or one.running]
    return looks[max(0, busy[0] - 1) : busy[-1] + 2] if busy else looks


def minute(before: Look, now: Look) -> dict[str, Any]:
    runs, spent = now.runs - before.runs, processes.spent(before.cpu, now.cpu)
    return {
        "from_seconds": round(before.at),
        "seconds": now.at - before.at,
        "runs_per_second": runs / (now.at - before.at),
        "cpu_ms_per_run": processes.ours(spent) * 1000 / runs if runs else 0.0,
        "running": now.running,
        "queued": now.queued,
    }


def print_minutes(found: Sequence[dict[str, Any]]) -> None:
    print("\n  from s   for s   runs/s  CPU ms/run  queued  running")
    for one in found:
        print(
            f"{one['from_seconds']:>8} {one['seconds']:>7.0f} {one['runs_per_second']:>8.1f}"
            f" {one['cpu_ms_per_run']:>11.1f} {one['queued']:>7} {one['running']:>8}"
        )


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=1500))
    given.add_argument("--prompts", metavar="SHARES", help="READING_PROMPTS; default: the newest version alone")
    asked = given.parse_args()
    options, more = options_of(asked), {"READING_PROMPTS": asked.prompts} if asked.prompts else {}
    said = heading()
    print(said, flush=True)
    with ground(Work(CASES["direct"], options.orgs), options, more) as here:
        print_settings(counters.settings_in_force(here.running))
        watch = Watch(here)
        with processes.watched(watch.tell, BETWEEN_LOOKS):
            found = measure(here)
        checked = here.doctor()
        compared = here.command("prompts", "--since", "1d") if more else ""
    by_minute = minutes(watch.looks)
    print(f"\n{said}")
    print_case(found)
    print_minutes(by_minute)
    print(f"\n{checked}\n{compared}")
    kept = {"minutes": by_minute, "doctor": checked, "prompts": compared, "looks": figures(watch.looks)}
    save("night", {"options": asdict(options), **asdict(found), **kept})


if __name__ == "__main__":
    main()
