"""A result, its count and what comes next are one: nobody ever sees the one without the other."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from claims import OF_READINGS, READING, REPORT, claim, claimed, fail_reading, fail_run, save_reading, written

from senso.db import at_once, transaction
from senso.queries import evaluation_endings, job_endings
from senso.tasks.stages import finish_batch, read

OPEN = "SELECT count(*) FROM evaluations WHERE state IN ('pending', 'extracting')"
every_end = pytest.mark.parametrize("write", [fail_run, fail_reading, save_reading], ids=lambda write: write.__name__)


@every_end
def test_what_has_ended_is_seen_by_nobody_before_it_is_counted(make, database, write):
    """While another holds the batch's row, the count waits, and the result with it."""
    works = claimed(make, write)
    other = psycopg2.connect(database.replace("+psycopg2", ""))
    other.cursor().execute("SELECT FROM batches FOR UPDATE")

    with ThreadPoolExecutor(1) as pool:
        saved = pool.submit(written_at_once, write, works[0])
        await_lock(make)
        meanwhile = make.one(OPEN), make.one("SELECT remaining FROM batches")
        other.close()
        saved.result(10)

    assert meanwhile == (2, 2)
    assert (make.one(OPEN), make.one("SELECT remaining FROM batches")) == (1, 1)


@every_end
def test_the_last_that_ends_has_its_batch_ended_and_no_other_does(make, write):
    works = claimed(make, write)
    written(write, works[0])
    early = finishes(make)

    written(write, works[1])

    assert (early, finishes(make)) == ([], ["finish"])
    assert make.one("SELECT remaining FROM batches") == 0


def test_the_last_run_of_a_job_has_its_batch_ended_too(make):
    batch = make.batch(questions=2, models=("chatgpt",))
    first, second = make.runs(batch)
    with transaction() as db:
        job_endings.fail_run(db, first, "no record")
    early = finishes(make)

    with transaction() as db:
        job_endings.fail_run(db, second, "no record")

    assert (early, finishes(make)) == ([], ["finish"])
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'failed'") == 2


def test_several_that_end_in_one_statement_are_counted_one_by_one(make):
    works = claimed(make, save_reading)
    rows = [evaluation_endings.reading_row(work, READING, REPORT, version="v1") for work in works]
    with transaction() as db:
        evaluation_endings.save(db, rows)

    assert make.one("SELECT remaining FROM batches") == 0
    assert finishes(make) == ["finish"]


def test_a_batch_whose_end_is_due_a_second_time_is_still_ended_once(make, sandbox):
    """The row of its end may be there already, as after a count that the sweep has put right."""
    batch = make.batch(questions=1)
    make.sql(
        "INSERT INTO outbox (key, pipeline, ids, batch_id, not_before) "
        "VALUES (:key, 'finish', '[]', :b, now() + interval '1 hour')",
        key=f"finish:{batch}:1",
        b=batch,
    )

    read(str(make.runs(batch)[0]))
    finish_batch(str(batch), "chord")

    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1


def test_what_ends_counts_for_its_own_batch(make):
    first, second = claimed(make, save_reading), claimed_of_another(make)

    written(save_reading, first[0])

    remaining = make.sql("SELECT id, remaining FROM batches")
    assert {row["id"]: row["remaining"] for row in remaining} == {first[0].batch_id: 1, second[0].batch_id: 2}


def claimed_of_another(make):
    before = {row["id"] for row in make.sql("SELECT id FROM evaluations")}
    batch = make.batch(questions=2)
    for run in make.runs(batch):
        make.answered(run)
    found = claim(make, OF_READINGS[0])
    return [work for work in found if work.id not in before]


def written_at_once(write, work) -> None:
    """As the tasks do it: each statement is a transaction of its own."""
    with at_once() as db:
        write(db, work)


def await_lock(make) -> None:
    until = time.monotonic() + 10
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not make.one(waiting) and time.monotonic() < until:
        time.sleep(0.02)
    assert make.one(waiting), "nobody waits for the batch's row"


def finishes(make) -> list[str]:
    return [row["pipeline"] for row in make.sql("SELECT pipeline FROM outbox WHERE pipeline = 'finish'")]
