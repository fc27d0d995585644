"""One organisation of 60 runs, its answers read by calls and in a file: calls, tokens and dollars side by side.

Answers come from the sandbox; what a token costs is what the table `models` says. Nothing is asserted.
"""

import argparse
from typing import Any

from machine import heading, save
from printing import PROMISES, columns
from stand import Options, add_options, apart, ground, ids, options_of
from work import CASES, Work

MODES = ("direct", "batch")
END_SECONDS = 900
CALLS = """
    SELECT count(*), sum(tokens_in), sum(tokens_cached), sum(tokens_out), sum(cost_microusd)::bigint, count(job_id)
    FROM llm_calls WHERE batch_id = ANY(%s::uuid[]) AND purpose = 'read'
"""
ENDED = """
    SELECT state, (SELECT count(*) FROM evaluations e WHERE e.batch_id = b.id AND e.state = 'done'),
        (SELECT -sum(credits)::bigint FROM ledger l WHERE l.batch_id = b.id AND l.entry = 'charge'),
        extract(epoch FROM ended_at - queued_at)::float
    FROM batches b WHERE id = ANY(%s::uuid[])
"""


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=1))
    read = given.parse_args()
    said = heading()
    print(said, flush=True)
    found = {mode: apart(measured, Work(CASES["direct"], 1), options_of(read), mode) for mode in MODES}
    print(f"\n== reading modes: {said} ==")
    columns(found)
    save("reading-modes", found)


def measured(work: Work, options: Options, mode: str) -> dict[str, Any]:
    with ground(work, Options(**{**vars(options), "sandbox": True}), {"READING_MODE": mode}) as here:
        batches = here.running.trigger(ids(work.measured))
        here.running.wait(batches, END_SECONDS)
        named = [str(one) for one in batches]
        ((calls, tokens_in, cached, tokens_out, cost, in_files),) = here.running.query(CALLS, named)
        ((state, done, charged, seconds),) = here.running.query(ENDED, named)
        return {
            "readings": done,
            "calls": calls - in_files,
            "in files": in_files,
            "tokens in": tokens_in,
            "of these cached": cached,
            "tokens out": tokens_out,
            "dollars": f"{cost / 1e6:.6f}",
            "credits": charged,
            "batch": state,
            "seconds": f"{seconds:.1f}",
            PROMISES: here.doctor(),
        }


if __name__ == "__main__":
    main()
