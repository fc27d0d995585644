"""Latency of a single organisation: seconds from its trigger to its first call, its answers and its end.

Two cases: 60 direct runs, and 60 runs in six snapshots of 60 s each, for which the target is 68 s. With several orgs,
each one is triggered after the previous one has been pushed.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from machine import each_by_itself, heading, save
from measuring import longest
from stand import Ground, Options, add_options, ground, ids, options_of
from work import CASES, Work

KINDS = ("direct", "snapshots")
# Seconds since the trigger's transaction began. The row of a call or a snapshot is written before it is sent.
MOMENTS = """
    WITH moments AS (
        SELECT min(started_at) AS "first call", min(started_at) FILTER (WHERE purpose = 'ask') AS "first question",
            NULL::timestamptz AS "last submitted", NULL::timestamptz AS "last collected"
        FROM llm_calls WHERE batch_id = %s
        UNION ALL
        SELECT NULL, min(submitted_at), max(submitted_at), max(ended_at) FROM vendor_jobs WHERE batch_id = %s
    )
    SELECT extract(epoch FROM started_at - queued_at)::float, {0},
        extract(epoch FROM ended_at - queued_at)::float,
        (SELECT extract(epoch FROM sent_at - queued_at)::float FROM pushes WHERE batch_id = b.id),
        (SELECT count(*)::int FROM vendor_jobs WHERE batch_id = b.id), planned, state
    FROM batches b WHERE id = %s
"""
BETWEEN = ("first call", "first question", "last submitted", "last collected")
SINCE = '(SELECT extract(epoch FROM min("{0}") - queued_at)::float FROM moments)'
HEADS = ("admitted", *BETWEEN, "ended", "pushed")
COUNTED = ("snapshots", "runs", "state")


def one(here: Ground, org: str) -> dict[str, Any]:
    (batch,) = here.running.trigger([org])
    here.running.wait([batch], longest(1))
    (row,) = here.running.query(MOMENTS.format(", ".join(map(SINCE.format, BETWEEN))), *[str(batch)] * 3)
    return dict(zip((*HEADS, *COUNTED), row, strict=True))


def print_all(found: Sequence[dict[str, Any]]) -> None:
    print(f"\n{'seconds from its trigger':<26} {'  '.join(f'{head:>14}' for head in (*HEADS, *COUNTED))}")
    for number, org in enumerate(found, start=1):
        told = [*(seconds(org[head]) for head in HEADS), *(str(org[head]) for head in COUNTED)]
        print(f"{f'org {number}':<26} {'  '.join(f'{said:>14}' for said in told)}")
    middle = (middle_of([org[head] for org in found]) for head in HEADS)
    print(f"{'median':<26} {'  '.join(f'{seconds(value):>14}' for value in middle)}")


def middle_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def one_case(name: str, options: Options) -> None:
    said = heading()
    with ground(Work(CASES[name], options.orgs), options) as here:
        found = [one(here, org) for org in ids(here.work.measured)]
    print(f"\n== alone: {CASES[name].title}; {said} ==")
    print_all(found)
    save(f"alone-{name}", {"options": asdict(options), "orgs": found})


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=3, snapshot_seconds=60.0))
    given.add_argument("--case", choices=KINDS, action="append", help="default: both")
    read = given.parse_args()
    cases = read.case or KINDS
    if len(cases) > 1:
        return each_by_itself(cases)
    one_case(cases[0], options_of(read))
    return 0


if __name__ == "__main__":
    sys.exit(main())
