"""A vendor job may hold readings: meanwhile no call reads these answers, and what it leaves unread is read by calls."""

from uuid import UUID, uuid4

import pytest
from at_work import work_off
from sqlalchemy.exc import IntegrityError

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import batches, invariants, planning, reading_jobs, sweep, vendor_jobs, workers
from senso.states import JobState
from senso.tasks.periodic import due
from senso.tasks.stages import read, read_by_job

JOB = """
    INSERT INTO vendor_jobs (id, batch_id, kind, provider, model_id, deadline, next_poll_at)
    SELECT :id, :batch, 'readings', provider, id, now() + interval '1 hour', now() + interval '1 minute'
    FROM models ORDER BY name LIMIT 1
"""
BOUND = "UPDATE evaluations SET job_id = :id, sent_at = now() WHERE batch_id = :batch AND state = 'pending'"


def answered(make) -> UUID:
    """A batch whose answers are there and unread."""
    batch = make.batch(questions=3)
    for run in make.runs(batch):
        make.answered(run)
    return batch


def bound(make, batch: UUID) -> UUID:
    """A job that holds the readings of the batch."""
    job = uuid4()
    make.sql(JOB, id=job, batch=batch)
    make.sql(BOUND, id=job, batch=batch)
    return job


def held(make) -> int:
    return make.one("SELECT count(*) FROM evaluations WHERE job_id IS NOT NULL")


def states(make) -> set[str]:
    return {one["state"] for one in make.sql("SELECT state FROM evaluations")}


def test_an_answer_in_a_job_is_read_by_no_call(make, sandbox):
    batch = answered(make)
    bound(make, batch)
    for run in make.runs(batch):
        read(str(run))
    assert states(make) == {"pending"}
    assert not sandbox.calls("openai")


def test_an_answer_in_a_job_is_neither_due_nor_lost(make):
    batch = answered(make)
    bound(make, batch)
    make.sql("UPDATE evaluations SET next_at = now(), sent_at = now() - interval '1 hour'")
    with transaction() as db:
        to_ask, to_read = workers.due(db, POLICY)
        make.sql("UPDATE evaluations SET next_at = NULL")
        lost = sweep.find_lost(db, 20, 500)
    assert (to_ask, to_read) == ([], [])
    assert lost["lost evaluations"] == 0


@pytest.mark.parametrize(
    ("next_at", "name"),
    [("now() - interval '1 hour'", "I8 what is due is taken"), ("NULL", "I7 what was sent for is begun")],
)
def test_no_promise_is_broken_by_an_answer_that_waits_in_a_job(make, next_at, name):
    batch = answered(make)
    job = bound(make, batch)
    make.sql("INSERT INTO workers (id, queues) VALUES ('one', '{ask}')")
    make.sql(f"UPDATE evaluations SET sent_at = now() - interval '2 hours', next_at = {next_at}")
    with transaction() as db:
        assert name not in invariants.broken(db, POLICY, 500)
    make.sql("UPDATE vendor_jobs SET state = 'failed', ended_at = now() WHERE id = :id", id=job)
    with transaction() as db:
        assert name in invariants.broken(db, POLICY, 500)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.COLLECTED])
def test_what_a_job_left_unread_is_read_by_calls(make, sandbox, state):
    batch = answered(make)
    job = bound(make, batch)
    with transaction() as db:
        work = reading_jobs.claim(db, job, "me", POLICY)
        assert vendor_jobs.close(db, work, state)
    assert held(make) == 0
    due()
    work_off(make, batch)
    assert states(make) == {"done"}
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3


def test_a_job_that_ended_without_releasing_its_readings_keeps_none(make):
    batch = answered(make)
    job = bound(make, batch)
    make.sql("UPDATE vendor_jobs SET state = 'failed' WHERE id = :id", id=job)
    make.sql("UPDATE evaluations SET sent_at = now() - interval '1 hour'")
    with transaction() as db:
        assert sweep.find_lost(db, 20, 500)["lost evaluations"] == 3
    assert held(make) == 0


def test_a_retry_takes_readings_from_their_job(make):
    batch = answered(make)
    bound(make, batch)
    make.sql("UPDATE evaluations SET state = 'failed', ended_at = now()")
    with transaction() as db:
        planning.plan_again(db, batches.load(db, batch))
    assert held(make) == 0


def test_a_job_of_questions_has_a_place_and_one_of_readings_has_none(make):
    batch = answered(make)
    job = bound(make, batch)
    with pytest.raises(IntegrityError, match="ck_vendor_jobs_location"):
        make.sql("UPDATE vendor_jobs SET kind = 'questions' WHERE id = :id", id=job)


def test_a_job_of_readings_that_nobody_can_submit_fails_and_its_answers_are_read_by_calls(make, sandbox):
    batch = answered(make)
    job = bound(make, batch)
    read_by_job(str(job))
    assert make.one("SELECT state FROM vendor_jobs WHERE id = :id", id=job) == "failed"
    assert held(make) == 0
