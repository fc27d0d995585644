"""The jobs of a batch are submitted by one message, and what one look finds of them is read by one chord."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from jobs import age, collect, repairs, rested, triggers

from senso.db import engine, transaction
from senso.policy import POLICY
from senso.queries import invariants, job_endings, submissions
from senso.tasks.periodic import poll, reap
from senso.tasks.stages import submit_snapshot
from senso.workflows import provider_access

PLACES = ("US", "CA", "GB")
BOTH = ("chatgpt", "perplexity")


def jobs(make, places=PLACES, **options) -> list[str]:
    """A batch with one planned job at each place."""
    make.batch(**{"questions": 2, "models": ("chatgpt",), "countries": places} | options)
    return ids(make)


def ids(make) -> list[str]:
    return [str(row["id"]) for row in make.sql("SELECT id FROM vendor_jobs ORDER BY id")]


def states(make) -> list[str]:
    return [row["state"] for row in make.sql("SELECT state FROM vendor_jobs ORDER BY id")]


def now_due(make) -> None:
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")


def kept() -> bool:
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}
    return True


def sent_to(messages, queue: str) -> list[list[str]]:
    return [sorted(arguments) for _, arguments in messages(queue)]


def test_all_jobs_of_a_batch_are_submitted_by_one_message(make, messages):
    planned = jobs(make, models=BOTH)

    assert len(planned) == 6
    assert [(task, sorted(given)) for task, given in messages("ask")] == [("senso.submit_snapshot", planned)]
    assert make.sql("SELECT jsonb_array_length(ids) AS jobs FROM outbox WHERE pipeline = 'submit'") == [{"jobs": 6}]


def test_a_message_submits_each_of_its_jobs_once(make, sandbox):
    planned = jobs(make)

    submit_snapshot(*planned)
    submit_snapshot(*planned)

    named = make.sql("SELECT external_id FROM vendor_jobs WHERE state = 'running'")
    assert sorted(row["external_id"] for row in named) == sorted(triggers(sandbox))
    assert len(named) == 3
    assert kept()


def test_a_message_with_one_job_is_understood(make, sandbox):
    first, *others = jobs(make)

    submit_snapshot(first)

    assert make.one("SELECT id FROM vendor_jobs WHERE state = 'running'") == make.one(
        "SELECT id FROM vendor_jobs WHERE id = :id", id=first
    )
    assert states(make).count("submitting") == len(others)


def test_what_one_look_finds_ready_of_a_batch_is_read_by_one_chord(make, sandbox, messages):
    submit_snapshot(*jobs(make, questions=8))
    messages.clear()

    collect(make)

    (intent,) = make.sql("SELECT ids FROM outbox WHERE pipeline = 'extract'")
    answered = make.sql("SELECT id FROM question_runs WHERE state = 'answered'")
    assert sorted(intent["ids"]) == sorted(str(row["id"]) for row in answered)
    assert len(answered) == 24
    assert [len(runs) for _, runs in messages("extract")] == [20, 4]
    assert kept()


def test_each_batch_has_a_chord_of_its_own(make, sandbox):
    for _ in range(2):
        make.batch(questions=2, models=("chatgpt",), countries=PLACES)
    submit_snapshot(*ids(make))

    collect(make)

    found = make.sql("SELECT batch_id, jsonb_array_length(ids) AS runs FROM outbox WHERE pipeline = 'extract'")
    assert [row["runs"] for row in found] == [6, 6]
    assert len({row["batch_id"] for row in found}) == 2
    assert kept()


def test_a_job_that_is_ready_later_is_read_later(make, sandbox):
    planned = jobs(make, texts=["One?"])
    sandbox.fault("brightdata.trigger", "never-ready", times=1)
    submit_snapshot(*planned)
    collect(make)
    early = make.sql("SELECT jsonb_array_length(ids) AS runs FROM outbox WHERE pipeline = 'extract'")
    late = make.one("SELECT external_id FROM vendor_jobs WHERE state = 'running'")
    make.sql("UPDATE vendor_jobs SET deadline = now() WHERE external_id = :late", late=late)

    collect(make)

    assert early == [{"runs": 2}]
    assert sorted(states(make)) == ["collected", "collected", "failed", "submitting"]


def test_six_jobs_are_submitted_and_collected_with_as_many_commits_as_one(make, sandbox, one_database):
    one_database.run("SELECT pg_stat_force_next_flush()")
    _, one, six = [
        commits_of(make, models=models, places=places)
        for models, places in ((BOTH, PLACES), (BOTH[:1], PLACES[:1]), (BOTH, PLACES))
    ]

    assert make.one("SELECT count(*) FROM vendor_jobs WHERE state = 'collected'") == 13
    # Claimed, announced, named. Made due (by this test), collected, published in two; and twice looked for what is due,
    # jobs and cancels.
    assert six == one == (3, 8)


def test_a_slow_reply_holds_back_no_other_job(make, sandbox):
    planned = jobs(make)
    sandbox.fault("brightdata.trigger", "hang", times=1, seconds=12)

    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(submit_snapshot, *planned)
        wait_until(lambda: states(make).count("running") == 2)
        doubtful = make.one("SELECT count(*) FROM vendor_jobs WHERE maybe_sent_at IS NOT NULL AND external_id IS NULL")
        is_done = submitting.done()
        sandbox.heal()

    assert (doubtful, is_done) == (1, False)


@pytest.mark.parametrize(("place", "sent"), [("job about to be sent", 0), ("job submitted", 3)])
def test_a_process_that_dies_with_several_jobs_in_doubt_buys_none_twice(make, sandbox, tmp_path, place, sent):
    planned = jobs(make)
    done = killed_at(place, planned, tmp_path)
    doubt = make.sql("SELECT maybe_sent_at IS NOT NULL AND external_id IS NULL AS doubtful FROM vendor_jobs")
    early = len(triggers(sandbox))

    reap()
    age(make, POLICY.grace_seconds)
    submit_snapshot(*planned)
    collect(make)

    assert done.returncode == -9
    assert ([row["doubtful"] for row in doubt], early) == ([True] * 3, sent)
    assert len(triggers(sandbox)) == 3
    assert repairs(make)["submit adopted" if sent else "submit unknown"] == 3
    assert states(make) == ["collected"] * 3
    assert make.one("SELECT count(*) FROM llm_calls WHERE outcome = 'answered'") == 6


def killed_at(place: str, planned: list[str], folder) -> subprocess.CompletedProcess:
    armed = {"FAILPOINTS": json.dumps([{"at": place, "do": "kill"}]), "FAILPOINTS_FOLDER": str(folder)}
    program = f"from senso.tasks.stages import submit_snapshot; submit_snapshot(*{planned!r})"
    return subprocess.run([sys.executable, "-c", program], env=os.environ | armed, check=False, timeout=60)


def test_a_job_that_is_refused_costs_the_others_nothing(make, sandbox):
    planned = jobs(make)
    sandbox.fault("brightdata.trigger", "429", times=1)

    submit_snapshot(*planned)
    waiting = make.sql("SELECT failures, maybe_sent_at FROM vendor_jobs WHERE state = 'submitting'")
    accepted = len(set(triggers(sandbox)) - {None})
    rested(make)
    age(make, 0)
    submit_snapshot(*planned)

    assert (sandbox.struck(), accepted) == (1, 3 - len(waiting))
    assert waiting  # the refused one, and any that had not gone out when the vendor asked us to wait
    assert all(one == {"failures": 0, "maybe_sent_at": None} for one in waiting)
    assert states(make) == ["running"] * 3
    assert len(set(triggers(sandbox)) - {None}) == 3
    assert kept()


def test_a_job_that_cannot_be_sent_costs_the_others_nothing(make, sandbox):
    """This version has no data set for its model."""
    planned = jobs(make, models=BOTH)
    make.sql("UPDATE models SET name = 'unheard of' WHERE slug = 'perplexity'")

    submit_snapshot(*planned)

    assert sorted(states(make)) == ["failed"] * 3 + ["running"] * 3
    assert len(triggers(sandbox)) == 3


def test_a_job_in_anothers_hands_is_left_to_it(make, sandbox):
    planned = jobs(make)
    with transaction() as db:
        submissions.claim(db, [make.one("SELECT min(id::text)::uuid FROM vendor_jobs")], "another", POLICY)

    submit_snapshot(*planned)

    assert states(make) == ["submitting", "running", "running"]
    assert len(triggers(sandbox)) == 2


def test_one_name_for_two_jobs_is_given_to_one_of_them(make, sandbox, monkeypatch):
    planned = jobs(make)
    monkeypatch.setattr(type(provider_access.job_provider("brightdata")), "submit", lambda *_: "s_same")

    submit_snapshot(*planned)

    assert sorted(states(make)) == ["running", "submitting", "submitting"]
    assert make.one("SELECT count(*) FROM vendor_jobs WHERE external_id = 's_same'") == 1
    assert sandbox.calls("brightdata.cancel") == []


def test_jobs_whose_message_was_lost_are_sent_again_together_and_those_that_failed_alone(make, sandbox, messages):
    planned = jobs(make, places=(*PLACES, "AU"))
    make.sql("UPDATE vendor_jobs SET failures = 1 WHERE id = ANY(CAST(:two AS uuid[]))", two=planned[:2])
    messages.clear()
    now_due(make)

    poll()

    assert sorted(sent_to(messages, "ask")) == sorted([planned[2:], planned[:1], planned[1:2]])


def test_a_job_that_another_worker_has_closed_is_left_out(make, sandbox, monkeypatch):
    planned = jobs(make)
    submit_snapshot(*planned)
    vendor = type(provider_access.job_provider("brightdata"))
    real, closed = vendor.collect, []

    def overtaken(self, job, runs):
        if not closed:
            closed.append(job)
            make.sql("UPDATE vendor_jobs SET fence = fence + 1 WHERE external_id = :job", job=job)
        return real(self, job, runs)

    collect_ready(make, vendor, monkeypatch, overtaken)

    assert sorted(states(make)) == ["collected", "collected", "running"]
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 4
    assert make.sql("SELECT jsonb_array_length(ids) AS runs FROM outbox WHERE pipeline = 'extract'") == [{"runs": 4}]


def test_a_job_that_cannot_be_saved_costs_the_others_nothing(make, sandbox, monkeypatch):
    submit_snapshot(*jobs(make))
    real, (first, *_) = job_endings.ask_again, ids(make)

    def broken(db, work, failed, policy):
        if str(work.id) == first:
            raise KeyError
        real(db, work, failed, policy)

    monkeypatch.setattr(job_endings, "ask_again", broken)

    collect(make)

    assert states(make) == ["running", "collected", "collected"]
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 4


def test_what_becomes_due_during_a_round_is_looked_at_by_the_same_tick(make, sandbox, monkeypatch):
    planned = jobs(make, places=PLACES[:2])
    submit_snapshot(*planned)
    look(make)  # their answers are built
    now_due(make)
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() + interval '1 hour' WHERE id = :id", id=planned[0])
    vendor = type(provider_access.job_provider("brightdata"))
    real = vendor.collect

    def meanwhile(self, job, runs):
        now_due(make)
        return real(self, job, runs)

    monkeypatch.setattr(vendor, "collect", meanwhile)

    poll()

    assert states(make) == ["collected"] * 2


def test_the_first_look_comes_when_a_tenth_of_the_last_jobs_was_ready(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    waits = [first_look(make, seconds) for seconds in ([], [100] * 10, [20] + [100] * 10, [20] * 5 + [100] * 5)]

    assert waits == [pytest.approx(wait, abs=1) for wait in (2, 80, 80, 30)]


def first_look(make, seconds: list[float]) -> float:
    """Seconds from the submission of a job to its first look, after jobs that took `seconds`."""
    make.sql("DELETE FROM vendor_jobs WHERE state = 'collected'")
    batch = make.batch(questions=1, models=("chatgpt",))
    (job,) = make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :batch", batch=batch)
    for took in seconds:
        make.sql(PAST, batch=batch, seconds=took)
    submit_snapshot(str(job["id"]))
    return make.one("SELECT extract(epoch FROM next_poll_at - now())::float FROM vendor_jobs WHERE id = :id", **job)


PAST = """
    INSERT INTO vendor_jobs (id, batch_id, provider, model_id, location_id, external_id, state, deadline,
        submitted_at, ended_at)
    SELECT gen_random_uuid(), batch_id, provider, model_id, location_id, gen_random_uuid()::text, 'collected', now(),
        now() - make_interval(secs => :seconds), now()
    FROM vendor_jobs WHERE batch_id = :batch AND state = 'submitting'
"""


def collect_ready(make, vendor, monkeypatch, collecting) -> None:
    """Until all is built at the vendor; then with `collecting` in place of the vendor's."""
    look(make)
    monkeypatch.setattr(vendor, "collect", collecting)
    look(make)


def look(make) -> None:
    now_due(make)
    poll()


def wait_until(is_so, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def commits_of(make, **options) -> tuple[int, int]:
    """To submit jobs, and to collect them; the look at which the vendor builds their answers is not counted."""
    jobs(make, **options)
    planned = [str(row["id"]) for row in make.sql("SELECT id FROM vendor_jobs WHERE state = 'submitting'")]
    to_submit = commits(lambda: submit_snapshot(*planned))
    look(make)
    return to_submit, commits(lambda: look(make))


def commits(work) -> int:
    """How many transactions `work` commits. Connections tell Postgres now and then, or when they are asked to."""
    before = committed()
    work()
    return committed() - before


def committed() -> int:
    """What this reads is rolled back, and so not counted itself."""
    with ExitStack() as all_at_once:
        for _ in range(engine().pool.checkedin()):
            all_at_once.enter_context(engine().connect()).exec_driver_sql("SELECT pg_stat_force_next_flush()")
    with engine().connect() as connection:
        counted = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        return connection.exec_driver_sql(counted).scalar_one()
