"""A network of one, ten and fifty organisations: calls and tokens a reading, and how many readings are wrong.

Each answer of 60 runs is read by one call for up to ORGS_PER_READING organisations, and by a call for each. The sandbox
answers, and says what is true of each answer. Nothing is asserted.
"""

import argparse
from collections import Counter
from typing import Any

from machine import heading, save
from networks import BY_RULE, CALLS, trigger_all, wait
from printing import PROMISES, columns
from stand import Ground, Options, add_options, apart, ground, options_of
from work import CASES, Work

# Orgs of the network for which it is read, of how many that its questions are about.
SIZES = ((1, 10), (10, 10), (50, 50))
TOGETHER = ("10", "1")
READ = """
    SELECT o.name, q.text, m.slug, l.country, e.mentioned, e.sentiment, e.rank,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id)
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id JOIN orgs o ON o.id = e.org_id
        JOIN batches b ON b.id = e.batch_id
    WHERE e.state = 'done' AND b.network_id IS NOT NULL
"""
FIELDS = ("mentioned", "sentiment", "rank", "competitors")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=1, sandbox=True))
    options = Options(**vars(options_of(given.parse_args())) | {"sandbox": True})
    said = heading()
    print(said, flush=True)
    found = {
        f"{sizes[0]} orgs, {together} a call": apart(measured, *sizes, together, options)
        for sizes in SIZES
        for together in TOGETHER
    }
    print(f"\n== an answer read for many: {said} ==")
    columns(found)
    save("reading-together", {"found": found})


def measured(members: int, size: int, together: str, options: Options) -> dict[str, Any]:
    work = Work(CASES["networks"], size, network_size=size, members=members)
    with ground(work, options, {"ORGS_PER_READING": together}) as here:
        trigger_all(here)
        wait(here)
        ((readings, by_rule),) = here.running.query(BY_RULE)
        of = {purpose: row for purpose, *row in here.running.query(CALLS)}
        calls, tokens_in, cached, tokens_out, cost = map(int, of["read"])
        return {
            "readings": readings,
            "by rule": by_rule,
            "calls": calls,
            "calls a reading": round(calls / readings, 4),
            "tokens in a reading": round(tokens_in / readings, 1),
            "of these cached": round(cached / readings, 1),
            "tokens out a reading": round(tokens_out / readings, 1),
            "dollars for 1,000": f"{cost / readings / 1000:.4f}",
            **{f"wrong: {field}": count for field, count in wrong(here).items()},
            PROMISES: here.doctor(),
        }


def wrong(here: Ground) -> dict[str, int]:
    """By field, the readings that differ from what the sandbox meant."""
    found = Counter(dict.fromkeys(FIELDS, 0))
    for org, question, model, country, *told, competitors in here.running.query(READ):
        meant = here.work.world.truth(question, model, country, org)
        true = (meant.mentioned, meant.sentiment, meant.rank, set(meant.competitors))
        for field, said, right in zip(FIELDS, (*told, set(competitors)), true, strict=True):
            found[field] += said != right
    return dict(found)


if __name__ == "__main__":
    main()
