"""Places at a vendor that runs a limited number of jobs: who gets one, and who waits for what."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from jobs import collect, triggers

from senso.cli.wait_reasons import lines
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants, job_places, workers
from senso.reads import waiting
from senso.tasks.periodic import poll, sweep_all
from senso.tasks.stages import submit_snapshot
from senso.workflows import claiming
from senso.workflows.vendor_jobs import polling

COUNTRIES = ("US", "CA", "GB", "DE", "FR", "IT")


def batch(make, jobs, model="chatgpt") -> list[UUID]:
    """One with so many jobs, which are planned."""
    found = make.batch(questions=1, models=(model,), countries=COUNTRIES[:jobs])
    planned = make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :b ORDER BY created_at, id", b=found)
    return [row["id"] for row in planned]


def admit(*jobs, most=4) -> set[UUID]:
    with transaction() as db:
        return set(job_places.admit(db, jobs, replace(POLICY, jobs_at_a_time=most)))


def placed(make) -> list[UUID]:
    return [row["id"] for row in make.sql("SELECT id FROM vendor_jobs WHERE place_at IS NOT NULL")]


@pytest.fixture
def few(monkeypatch):
    """Two jobs at a time."""
    for module in (claiming, polling):
        monkeypatch.setattr(module, "POLICY", replace(POLICY, jobs_at_a_time=2))


def test_no_more_get_a_place_than_there_are(make):
    jobs = batch(make, 6)

    assert len(admit(*jobs)) == 4
    assert len(admit(*jobs)) == 4
    assert len(placed(make)) == 4


def test_a_batch_with_many_jobs_leaves_room_for_those_with_one(make):
    many = batch(make, 6)
    admit(*many)
    others = [batch(make, 1)[0] for _ in range(3)]
    admit(*others)
    freed = placed(make)[:2]
    make.sql("UPDATE vendor_jobs SET state = 'collected', place_at = NULL WHERE id = ANY(:ids)", ids=freed)

    admit()

    assert [job in placed(make) for job in others] == [True, True, False]


def test_among_equals_the_first_comes_first(make):
    planned = [batch(make, 1)[0] for _ in range(6)]

    for job in reversed(planned):
        admit(job, most=0)
    admit()

    assert set(placed(make)) == set(planned[:4])


@pytest.mark.parametrize(
    ("takes", "holds"),
    [
        ("state = 'running'", True),
        ("maybe_sent_at = now()", True),
        ("place_at = now()", True),
        ("state = 'failed', cancel_due_at = now(), ended_at = now()", True),
        ("state = 'failed', cancel_due_at = now(), ended_at = now() - interval '2 hours'", False),
        ("state = 'failed', cancelled_at = now(), ended_at = now(), maybe_sent_at = now()", False),
        ("state = 'collected'", False),
    ],
)
def test_what_the_vendor_runs_or_may_run_takes_a_place(make, takes, holds):
    first, second = batch(make, 1) + batch(make, 1)
    make.sql(f"UPDATE vendor_jobs SET {takes} WHERE id = :id", id=first)

    assert (admit(second, most=1) == set()) is holds


def test_a_model_with_a_limit_of_its_own_has_places_of_its_own(make):
    make.sql("UPDATE models SET max_in_flight = 2 WHERE slug = 'perplexity'")
    jobs = batch(make, 5) + batch(make, 5, "perplexity")

    found = admit(*jobs, most=3)

    assert len(found & set(jobs[:5])) == 3
    assert len(found & set(jobs[5:])) == 2


def test_of_those_who_ask_at_the_same_moment_no_two_get_the_last_place(make):
    jobs = [batch(make, 2) for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda some: admit(*some), jobs))

    assert sum(map(len, got)) <= 4
    assert len(placed(make)) == 4


@pytest.mark.usefixtures("few")
def test_a_job_that_waits_holds_nothing_and_is_sent_when_a_place_comes_free(make, sandbox):
    jobs = batch(make, 3)
    with transaction() as db:
        workers.beat(db, "living")
    submit_snapshot(*map(str, jobs))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() - interval '10 minutes' WHERE state = 'submitting'")
    sweep_all()
    (job,) = make.sql("SELECT * FROM vendor_jobs WHERE state = 'submitting'")
    calls = make.one("SELECT count(*) FROM llm_calls")
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}

    collect(make)
    submit_snapshot(str(job["id"]))

    assert (job["lease_owner"], job["failures"], job["fence"], calls) == (None, 0, 0, 2)
    assert len(triggers(sandbox)) == 3


@pytest.mark.usefixtures("few")
def test_the_wait_for_a_place_is_told(make, sandbox):
    with transaction() as db:
        workers.beat(db, "living")
    jobs = batch(make, 3)
    submit_snapshot(*map(str, jobs))

    told = said(make)

    assert told[0].startswith("a place: 2 jobs of brightdata are running; 1 job to be handed over (1 run) for ")


def said(make) -> list[str]:
    with transaction() as db:
        found = waiting.waits(db, [make.one("SELECT id FROM batches")], POLICY, each=True, reader="gpt-6-luna")
    return lines(found, found[0].seen_at)


def test_a_vendor_that_is_left_alone_is_told_with_the_time_until_when(make, sandbox):
    with transaction() as db:
        workers.beat(db, "living")
    jobs = batch(make, 2)
    make.sql(
        "INSERT INTO limited_requests (id, provider, request, pause_seconds, in_a_row, at) "
        "SELECT gen_random_uuid(), 'brightdata', 'poll', 4, 1, now() - make_interval(secs => 20 * n) "
        "FROM generate_series(1, 8) n"
    )

    submit_snapshot(*map(str, jobs))

    (told,) = said(make)
    assert told.startswith("brightdata, which is left alone until ")
    assert told.endswith(" UTC: 8 answers of 429; 2 jobs (2 runs)")
    assert triggers(sandbox) == []


def test_jobs_that_wait_because_another_was_refused_say_so(make, sandbox):
    with transaction() as db:
        workers.beat(db, "living")
    jobs = batch(make, 2)
    sandbox.fault("brightdata.trigger", "429", retry_after=60)
    submit_snapshot(str(jobs[0]))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")

    submit_snapshot(str(jobs[1]))
    poll()

    assert len(triggers(sandbox)) == 1
    assert "rate limit of brightdata" in said(make)[0]


def test_a_job_whose_time_is_over_is_not_given_up_while_its_vendor_asks_to_wait(make, sandbox):
    """Its answers may be there, and would be paid for twice."""
    (job,) = batch(make, 1)
    submit_snapshot(str(job))
    make.sql("UPDATE vendor_jobs SET deadline = now() - interval '1 minute', next_poll_at = now()")
    sandbox.fault("brightdata.progress", "429", times=1)

    poll()

    assert make.one("SELECT state FROM vendor_jobs") == "running"


def test_the_time_of_a_job_begins_when_it_is_sent(make, sandbox):
    (job,) = batch(make, 1)
    make.later(hours=1)
    make.sql("UPDATE batches SET deadline = now() + interval '5 hours'")
    make.sql("UPDATE vendor_jobs SET deadline = now() + interval '5 hours'")

    submit_snapshot(str(job))

    assert make.one("SELECT deadline > now() + interval '10 minutes' FROM vendor_jobs")


def test_in_trouble_a_message_sends_one_of_its_jobs(make, sandbox, messages):
    jobs = batch(make, 4)
    sandbox.fault("brightdata.trigger", "429", times=1)
    submit_snapshot(str(jobs[0]))
    messages.redis.hdel("senso:limit:jobs:brightdata:state", "next:submit")  # its pause is over

    submit_snapshot(*map(str, jobs[1:]))
    first = len(triggers(sandbox))
    submit_snapshot(*map(str, jobs[1:]))

    assert first == 2
    assert len(triggers(sandbox)) == 4
