"""Reads 10,000 stored answers of an org again: seconds, calls, what would be different; and once more, killed half-way.

The org's batch of 60 runs is asked and read by the product, then copied to earlier days; a share of the copies gets
another sentiment, so that something is different. Nothing is asserted but that nothing is asked or charged.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg2.extras
from machine import heading, save
from printing import line
from product import opened
from stand import Ground, Options, add_options, ground, ids, options_of
from work import CASES, RUNS_EACH, Work

from senso.matrix import batch_id, dated_id, planned_reading
from senso.states import BatchKind

COMMAND = [sys.executable, "-m", "senso.cli", "reevaluate"]
KILLED_AT = 0.4  # of the answers
CHANGED = 20  # one of so many copies gets another sentiment
COPIES = {
    "batches": """
        INSERT INTO batches (id, kind, org_id, batch_date, state, planned, remaining, credits_per_evaluation,
            triggered_by, finished_by, queued_at, started_at, ended_at)
        SELECT v.id, kind, org_id, v.day, state, planned, remaining, credits_per_evaluation, triggered_by, finished_by,
            queued_at, started_at, ended_at
        FROM batches b, (VALUES %s) AS v (id, day) WHERE b.id = '{batch}'""",
    "question_runs": """
        INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id, state, fence,
            answer_text, model_version, tokens_in, tokens_out, cost_microusd, sent_at, answered_at)
        SELECT v.id, v.batch, subject_id, question_id, model_id, location_id, state, fence, answer_text, model_version,
            tokens_in, tokens_out, cost_microusd, sent_at, answered_at
        FROM (VALUES %s) AS v (former, id, batch) JOIN question_runs r ON r.id = v.former""",
    "evaluations": """
        INSERT INTO evaluations (id, run_id, org_id, batch_id, state, fence, mentioned, mention_text, sentiment,
            sentiment_evidence, rank, share_of_text, share_of_entries, marks, occurrences, extractor, prompt_version,
            model_version, ended_at)
        SELECT v.id, v.run, org_id, v.batch, state, fence, mentioned, mention_text, sentiment, sentiment_evidence, rank,
            share_of_text, share_of_entries, marks, occurrences, extractor, prompt_version, model_version, ended_at
        FROM (VALUES %s) AS v (former, id, run, batch) JOIN evaluations e ON e.run_id = v.former""",
    "competitors": """
        INSERT INTO competitors (evaluation_id, name)
        SELECT v.id, c.name FROM (VALUES %s) AS v (former, id) JOIN evaluations e ON e.run_id = v.former
            JOIN competitors c ON c.evaluation_id = e.id ORDER BY c.id""",
    "claims": """
        INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict, fact, url)
        SELECT v.id, c.position, c.text, c.sentence, c.kind, c.polarity, c.verdict, c.fact, c.url
        FROM (VALUES %s) AS v (former, id) JOIN evaluations e ON e.run_id = v.former
            JOIN claims c ON c.evaluation_id = e.id""",
}
CHANGE = """
    UPDATE evaluations SET sentiment = CASE sentiment WHEN 'negative' THEN 'positive' ELSE 'negative' END
    WHERE mentioned AND id IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM evaluations) x
        WHERE n %% {} = 0)"""
RUNS = "SELECT id, question_id, model_id, location_id FROM question_runs WHERE batch_id = %s ORDER BY number"
READ = "SELECT count(*)::int FROM rereadings WHERE state = 'done'"
LEDGER = "SELECT count(*)::int, coalesce(sum(credits), 0)::bigint FROM ledger"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=1))
    given.add_argument("--answers", type=int, default=10_000, help="default 10000")
    parsed = given.parse_args()
    said = heading()
    print(said, flush=True)
    options = Options(**vars(options_of(parsed)) | {"orgs": 1})
    with ground(Work(CASES["direct"], 1), options) as here:
        found = measured(here, parsed.answers)
    print(f"\n== stored answers read again: {said} ==")
    for name, one in found.items():
        line(name, str(one))
    save("rereading", found)


def measured(here: Ground, answers: int) -> dict[str, Any]:
    org = ids(here.work.world.orgs)[0]
    (batch,) = here.running.trigger([org])
    here.running.wait([batch], 120)
    copy(here, UUID(org), batch, answers // RUNS_EACH)
    here.running.query(CHANGE.format(CHANGED))
    before, ledger = here.calls(), here.running.query(LEDGER)
    compared = reread(here, org, "--compare")
    after = here.calls()
    killed = kill_half_way(here, org, compared["answers"])
    rest = reread(here, org)
    last = here.calls()
    assert here.running.query(LEDGER) == ledger, "something was charged"
    assert last.get("responses", 0) == before.get("responses", 0), "something was asked"
    return {
        "answers": compared["answers"],
        "seconds to compare": compared["seconds"],
        "calls to compare": after["completions"] - before["completions"],
        "would be different": compared["changes"],
        "read before the kill": killed,
        "seconds after the kill, with new numbers": rest["seconds"],
        "calls with the kill": last["completions"] - after["completions"],
        "batches with new numbers": rest["batches"],
        "asks": last.get("responses", 0) - before.get("responses", 0),
        "ledger rows": 0,
    }


def copy(here: Ground, org: UUID, batch: UUID, times: int) -> None:
    """To the days before, each its own batch."""
    runs = here.running.query(RUNS, str(batch))
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COPIES}
    for back in range(1, times):
        day = date.today() - timedelta(days=back)  # noqa: DTZ011  any days do
        made = batch_id(BatchKind.ORG, org, None, day)
        rows["batches"].append((made, day))
        for former, question, model, location in runs:
            # The last argument is the sample.
            run = dated_id(day, "run", made, *map(as_id, (question, model, location)), 0)
            reading = planned_reading(run, org).id
            rows["question_runs"].append((former, run, made))
            rows["evaluations"].append((former, reading, run, made))
            rows["competitors"].append((former, reading))
            rows["claims"].append((former, reading))
    with opened(here.running.urls.database_url) as connection, connection.cursor() as cursor:
        for name, statement in COPIES.items():
            insert(cursor, statement.format(batch=batch), rows[name])
        cursor.execute("ANALYZE")


def as_id(found: object) -> UUID:
    return UUID(str(found))


def insert(cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    kinds = {UUID: "%s::uuid", str: "%s::uuid", date: "%s::date"}
    template = f"({', '.join(kinds[type(value)] for value in rows[0])})"
    texts = [tuple(map(str, row)) for row in rows]
    psycopg2.extras.execute_values(cursor, statement, texts, template, page_size=1000)


def reread(here: Ground, org: str, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, org, *more, "--json"], cwd=here.stand.folder, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"senso reevaluate: {done.stderr[-800:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kill_half_way(here: Ground, org: str, answers: int) -> int:
    """How many had been read."""
    before = here.running.query(READ)[0][0]
    with subprocess.Popen([*COMMAND, org], cwd=here.stand.folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and here.running.query(READ)[0][0] - before < KILLED_AT * answers:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    return int(here.running.query(READ)[0][0] - before)


if __name__ == "__main__":
    main()
