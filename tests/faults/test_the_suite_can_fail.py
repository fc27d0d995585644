"""Each protection removed, one at a time, from a copy of the product: the test that stands for it must go red.

A suite that stays green without what it proves proves nothing.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Nor what a run without a protection measures: docs/faults.md is about the product.
UNTOLD = {"DATABASE_URL", "REDIS_URL", "FAULTS_RESULTS"}
COPIED = ("senso", "tests", "alembic", "celerybeat-schedule.py", "setup.cfg", "pyproject.toml")


@dataclass(frozen=True)
class Removal:
    """`places`: file, what stands there once, and what in its place; `red`: the test that must fail without it."""

    name: str
    red: str
    places: tuple[tuple[str, str, str], ...]


RUNS = "senso/queries/runs.py"
FAULTS = "tests/faults"
PROCESSES = f"{FAULTS}/test_processes.py"
CHORDS = f"{FAULTS}/test_chords.py::test_however_a_chord_breaks_its_batch_ends_once_with_all_runs"
OUTBOX_NEVER_DUE = (
    (
        "senso/queries/outbox.py",
        ":batch, now() + make_interval(secs => :seconds))",
        ":batch, now() + make_interval(days => 1))",
    ),
    (
        "senso/queries/batches.py",
        "jsonb_build_array(id), id, now() + interval '5 seconds'",
        "jsonb_build_array(id), id, now() + interval '1 day'",
    ),
)
REMOVALS = [
    Removal(
        "claim",
        f"{CHORDS}[twice_delivered]",
        (
            (
                RUNS,
                """AND failures < :most AND (
            ((state || '') = 'planned' AND (next_at IS NULL OR next_at <= now()))
            OR ((state || '') = 'asking' AND lease_until < now())
        )""",
                "AND failures < :most",
            ),
        ),
    ),
    Removal(
        "fence",
        "tests/tasks/test_ask.py::test_a_late_answer_changes_no_row_once_another_claimed_the_run",
        (
            (
                RUNS,
                "AND r.id = given.id AND r.fence = given.fence",
                "AND r.id = given.id AND given.fence > 0",
            ),
        ),
    ),
    Removal(
        "count-down transaction",
        f"{CHORDS}[twice_delivered]",
        (("senso/queries/fragments.py", "SET remaining = b.remaining - e.evaluations", "SET remaining = b.remaining"),),
    ),
    Removal("outbox", f"{PROCESSES}::test_killed_between_a_commit_and_its_message", OUTBOX_NEVER_DUE),
    Removal(
        "relay",
        f"{CHORDS}[at_the_join]",
        (("senso/tasks/ticks.py", "intents = outbox.take_due(db)", "intents = outbox.take_due(db)[:0]"),),
    ),
    Removal(
        "reaper",
        f"{PROCESSES}::test_a_killed_call_worker_costs_seconds_and_what_it_had_in_flight",
        (("senso/tasks/ticks.py", "taken = workers.take_back(db)", "taken: dict[str, int] = {}"),),
    ),
    Removal(
        "sweep",
        f"{FAULTS}/test_late.py::test_a_batch_past_its_deadline_is_found_by_the_sweep_and_ends_with_what_it_has",
        (
            (
                "senso/tasks/ticks.py",
                "    repairs: dict[str, int] = {}\n",
                "    return\n    repairs: dict[str, int] = {}\n",
            ),
        ),
    ),
    Removal(
        "unique charge key",
        "tests/tasks/test_stopping.py::test_a_retry_asks_only_what_failed_and_charges_only_that",
        (("senso/queries/ledger.py", "SELECT 'charge:' || e.run_id", "SELECT random() || 'charge:' || e.run_id"),),
    ),
    Removal(
        "guarded hold",
        "tests/tasks/test_what_happens_when.py::test_two_batches_cannot_spend_the_same_credits",
        (("senso/queries/ledger.py", " AND (p.available IS NULL OR p.available >= :credits)", ""),),
    ),
    Removal(
        "guarded backend",
        f"{CHORDS}[parts_lose_their_line]",
        (
            (
                "senso/tasks/backend.py",
                "return self.ensure(lambda: part(request, state, result, **options), ())",
                "return part(request, state, result, **options)",
            ),
        ),
    ),
    Removal(
        "snapshot join by number",
        "tests/tasks/test_ask.py::test_answers_are_joined_by_number_also_where_a_record_before_them_is_missing",
        (
            (
                "senso/providers/brightdata.py",
                "found = {number(record): record for record in reversed(records) if number(record) in wanted}",
                "found = {run.number: record for run, record in zip(runs, records, strict=False)}",
            ),
        ),
    ),
    Removal(
        "fences raised at a batch's end",
        f"{FAULTS}/test_late.py::test_an_answer_of_a_cancelled_episode_is_not_taken_for_one_of_the_next",
        (
            (
                "senso/queries/results.py",
                "UPDATE question_runs SET state = :state, error = :reason, fence = fence + 1,",
                "UPDATE question_runs SET state = :state, error = :reason,",
            ),
            (
                "senso/queries/batches.py",
                "SET state = 'planned', error = NULL, failures = 0, fence = fence + 1,",
                "SET state = 'planned', error = NULL, failures = 0,",
            ),
        ),
    ),
]


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_without_it_a_test_goes_red(copy, removal):
    for file, old, new in removal.places:
        text = (copy / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (copy / file).write_text(text.replace(old, new))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "", "-x", "-p", "no:cacheprovider", removal.red],
        cwd=copy,
        env={name: value for name, value in os.environ.items() if name not in UNTOLD},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )

    said = [line for line in done.stdout.splitlines() if line.startswith(("E  ", "FAILED", "ERROR"))]
    print(f"{removal.name}: {removal.red} went red: {said[:1]}")
    assert done.returncode == 1, done.stdout[-2000:]
    assert "1 failed" in done.stdout
