"""A vendor in trouble beside a healthy one: what is asked of it, what fails, and how soon all is normal again.

Each scene has its own stack, half of the runs at each of two vendors, and a fault that strikes one of them a moment
after the batches were triggered. Nothing is asserted.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import requests
from machine import heading, save
from stand import Ground, Options, add_options, apart, fetched, ground, ids, options_of
from work import Case, Work

STRUCK, HEALTHY = "claude-haiku-5-5", "gpt-6-luna"
PAIR = Case("storms", "one vendor in trouble beside a healthy one", (HEALTHY, STRUCK), 1)
PLACE = "anthropic.messages"
END_SECONDS = 1800
AFTER_SECONDS = 1.0  # from the trigger to the fault, so that calls are under way when it strikes
ALARM_SECONDS = 30  # what is told at the end has been told by then


@dataclass(frozen=True)
class Scene:
    """`seconds`: how long the fault lasts; None: until the batches have ended."""

    title: str
    fault: Mapping[str, Any]
    seconds: float | None


SCENES = {
    "storm": Scene("every call gets a 429 that says 5 s", {"kind": "429", "retry_after": 5}, 120),
    "outage": Scene("every call gets a 503", {"kind": "503"}, 600),
    "hang": Scene("no call is answered", {"kind": "hang"}, 240),
    "slow": Scene("every answer comes 20 s later", {"kind": "slow", "seconds": 20}, None),
    "key": Scene("the key is refused from now on", {"kind": "401"}, None),
}
FAILED = """
    SELECT coalesce(r.error, e.error), count(*)
    FROM question_runs r LEFT JOIN evaluations e ON e.run_id = r.id AND e.is_current
    WHERE r.batch_id = ANY(%s::uuid[]) AND (r.state <> 'answered' OR e.state <> 'done') GROUP BY 1 ORDER BY 2 DESC
"""
LAST_HEALTHY = """
    SELECT max(extract(epoch FROM r.answered_at))::float FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.batch_id = ANY(%s::uuid[]) AND m.slug = %s
"""
LAST_END = "SELECT max(extract(epoch FROM ended_at))::float FROM batches WHERE id = ANY(%s::uuid[])"
STATES = "SELECT state, count(*) FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY 1 ORDER BY 1"
EVENTS = "SELECT event, count(*) FROM breaker_events GROUP BY 1 ORDER BY 1"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=20, answer_seconds=1.0))
    given.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    given.add_argument("--seconds", type=float, help="how long the faults last, instead of what each scene says")
    read = given.parse_args()
    said = heading()
    print(said, flush=True)
    found = {}
    for name in read.scenes:
        scene = SCENES[name]
        lasting = replace(scene, seconds=read.seconds) if read.seconds and scene.seconds else scene
        found[name] = apart(played, lasting, Work(PAIR, read.orgs), options_of(read))
        report(name, lasting, found[name])
    save("storms", found)


def played(scene: Scene, work: Work, options: Options) -> dict[str, Any]:
    with ground(work, replace(options, sandbox=True)) as here:
        requests.delete(f"{here.stand.url}/_sandbox/calls", timeout=60)
        began = time.time()
        batches = here.running.trigger(ids(work.measured))
        time.sleep(AFTER_SECONDS)
        with struck(here, scene) as times:
            lasted(here, scene, batches)
        here.running.wait(batches, END_SECONDS)
        time.sleep(ALARM_SECONDS)
        return seen(here, [str(one) for one in batches], began, times)


@contextmanager
def struck(here: Ground, scene: Scene) -> Iterator[list[float]]:
    """Yields when the fault began and, afterwards, when it ended."""
    faults = f"{here.stand.url}/_sandbox/faults"
    requests.post(faults, json={"where": PLACE, **scene.fault}, timeout=60).raise_for_status()
    times = [time.time()]
    yield times
    requests.delete(faults, timeout=60)
    times.append(time.time())


def lasted(here: Ground, scene: Scene, batches: Sequence[UUID]) -> None:
    if scene.seconds is None:
        here.running.wait(batches, END_SECONDS)
    else:
        time.sleep(scene.seconds)


def seen(here: Ground, batches: list[str], began: float, times: Sequence[float]) -> dict[str, Any]:
    query = here.running.query
    struck_at, mended_at = times
    calls = [call for call in fetched(f"{here.stand.url}/_sandbox/calls?where={PLACE}") if call["fault"]]
    ((healthy,),), ((ended,),) = query(LAST_HEALTHY, batches, HEALTHY), query(LAST_END, batches)
    return {
        "fault s": mended_at - struck_at,
        "calls struck": len(calls),
        "by half minute": by_half_minute(calls, struck_at),
        "breaker": dict(query(EVENTS)),
        "not read": query(FAILED, batches),
        "states": dict(query(STATES, batches)),
        "healthy done s": healthy - began,
        "normal s": max(0.0, ended - mended_at),
        "all done s": ended - began,
        "alarms": [one["text"] for one in fetched(f"{here.stand.url}/_sandbox/slack")],
        "promises": here.doctor(),
    }


def by_half_minute(calls: Sequence[Mapping[str, Any]], since: float) -> list[int]:
    counts = Counter(int((call["at"] - since) // 30) for call in calls)
    return [counts[number] for number in range(max(counts, default=-1) + 1)]


def report(name: str, scene: Scene, one: Mapping[str, Any]) -> None:
    print(f"\n== {name}: {scene.title}, for {one['fault s']:.0f} s ==")
    print(f"calls struck {one['calls struck']}, by half minute {one['by half minute']}; breaker {one['breaker']}")
    print(f"not read {sum(count for _, count in one['not read'])}; batches {one['states']}")
    for why, count in one["not read"]:
        print(f"  {count:4} {why}")
    print(f"the healthy vendor's last answer after {one['healthy done s']:.1f} s, all after {one['all done s']:.1f} s")
    print(f"all normal {one['normal s']:.1f} s after the fault; {len(one['alarms'])} messages:")
    for text in one["alarms"]:
        print(f"  {text.splitlines()[0]}")
    print("  " + one["promises"].strip().replace("\n", "\n  "), flush=True)


if __name__ == "__main__":
    main()
