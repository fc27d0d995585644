"""What is read of a bad night: the faults of mix.json struck by lot, at every vendor, seed by seed.

The stand-in's own log says what was asked beyond once and once more for each fault that struck. Nothing is asserted.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from machine import heading, save
from stand import Ground, Options, add_options, apart, fetched, ground, ids, options_of
from work import Case, Work

MIX = Path(__file__).with_name("mix.json")
VENDORS = ("gpt-6-luna", "claude-haiku-5-5", "gemini-api", "sonar", "linkup", "chatgpt", "google-ai-mode")
BAD = Case("mix", "seven models of six vendors, at two places, under the mix", VENDORS, 2, 5)
READERS = "gpt-6-luna,claude-haiku-5-5,gemini-3.5-flash-lite"
END_SECONDS = 1800
RUNS = """
    SELECT count(*), count(*) FILTER (WHERE r.state = 'answered'), count(*) FILTER (WHERE e.state = 'done')
    FROM question_runs r JOIN evaluations e ON e.run_id = r.id AND e.is_current WHERE r.batch_id = ANY(%s::uuid[])
"""
ENDS = """
    SELECT max(extract(epoch FROM b.ended_at - j.last))::float
    FROM batches b JOIN (SELECT batch_id, max(ended_at) AS last FROM vendor_jobs GROUP BY 1) j ON j.batch_id = b.id
    WHERE b.id = ANY(%s::uuid[])
"""
STATES = "SELECT state, count(*) FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY 1 ORDER BY 1"
WHY = """
    SELECT coalesce(r.error, e.error), count(*)
    FROM question_runs r JOIN evaluations e ON e.run_id = r.id AND e.is_current
    WHERE r.batch_id = ANY(%s::uuid[]) AND e.state <> 'done' GROUP BY 1 ORDER BY 2 DESC LIMIT 12
"""


# How often an answer is to be read: two places may be answered in the same words.
READINGS = """
    SELECT o.name, left(encode(sha256(convert_to(r.answer_text, 'UTF8')), 'hex'), 12), q.text, count(*)
    FROM question_runs r JOIN evaluations e ON e.run_id = r.id JOIN orgs o ON o.id = e.org_id
        JOIN questions q ON q.id = r.question_id
    WHERE r.batch_id = ANY(%s::uuid[]) AND r.state = 'answered' GROUP BY 1, 2, 3
"""


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=20))
    given.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    read = given.parse_args()
    said = heading()
    print(said, flush=True)
    found = {seed: apart(night, Work(BAD, read.orgs, seed), options_of(read)) for seed in read.seeds}
    print(f"\n== mix: {said} ==")
    for seed, one in found.items():
        report(seed, one)
    save("mix", found)


def night(work: Work, options: Options) -> dict[str, Any]:
    with ground(work, Options(**{**vars(options), "sandbox": True}), {"READING_MODELS": READERS}) as here:
        requests.delete(f"{here.stand.url}/_sandbox/calls", timeout=60)
        requests.post(f"{here.stand.url}/_sandbox/faults", data=MIX.read_bytes(), timeout=60).raise_for_status()
        batches = here.running.trigger(ids(work.measured))
        here.running.wait(batches, END_SECONDS)
        named = [str(one) for one in batches]
        return {**ended(here, named), **asked(here, named), "promises": here.doctor()}


def ended(here: Ground, batches: list[str]) -> dict[str, Any]:
    ((runs, answered, done),) = here.running.query(RUNS, batches)
    ((last,),) = here.running.query(ENDS, batches)
    states, why = here.running.query(STATES, batches), here.running.query(WHY, batches)
    return {"runs": runs, "answered": answered, "read": done, "last end": last, "states": states, "why": why}


def asked(here: Ground, batches: list[str]) -> dict[str, Any]:
    """`beyond`: calls for one thing that neither the plan nor a fault of it explains."""
    calls, struck = Counter[Any](), Counter[Any]()
    readings = {("read", *one): times for *one, times in here.running.query(READINGS, batches)}
    for call in fetched(f"{here.stand.url}/_sandbox/calls"):
        for thing, is_struck in things(call):
            calls[thing] += 1
            struck[thing] += is_struck
    faults = fetched(f"{here.stand.url}/_sandbox/faults")
    planned = {thing: readings.get(thing, here.work.places if thing[-1] is None else 1) for thing in calls}
    over = {thing: n - planned[thing] - struck[thing] for thing, n in calls.items()}
    beyond = {str(thing): times for thing, times in over.items() if times > 0}
    return {
        "calls": sum(calls.values()),
        "struck": sum(struck.values()),
        "beyond": sum(beyond.values()),
        "examples": dict(list(beyond.items())[:5]),
        "fired": {f"{one['where']} {one['kind']}": one["fired"] for one in faults if one["fired"]},
    }


def things(call: Mapping[str, Any]) -> list[tuple[Any, bool]]:
    """What a call is for (a question, an answer to read, each input of a job), with whether a fault struck it.

    A question ends with its country: none where the provider is told of no place, and asked once for each.
    """
    where, is_struck = call["where"], call["fault"] is not None
    if where == "brightdata.trigger":
        harmless = {None, "null-index", "twice"}
        return [
            ((where, call["model"], one["prompt"], one["country"]), one.get("fault") not in harmless or spoils(call))
            for one in call["inputs"]
        ]
    if call["schema"] == "name_variations" or where.startswith(("brightdata", "application")):
        return []
    if call["answer"]:
        return [(("read", call["organisation"], call["answer"], call["question"]), is_struck)]
    return [((where, call["model"], call["question"], call["country"]), is_struck)] if call["question"] else []


def spoils(call: Mapping[str, Any]) -> bool:
    return call["fault"] not in {None, "unknown-status"}


def report(seed: int, one: Mapping[str, Any]) -> None:
    print(
        f"seed {seed}: {one['read']} of {one['runs']} read ({100 * one['read'] / one['runs']:.1f} %), "
        f"{one['answered']} answered; {one['calls']} asked, {one['struck']} struck, {one['beyond']} beyond; "
        f"the last end {one['last end']:.1f} s after its last job; {dict(one['states'])}"
    )
    for why, count in one["why"]:
        print(f"  {count:4} {why}")
    print("  " + one["promises"].strip().replace("\n", "\n  "))


if __name__ == "__main__":
    main()
