"""A vendor's passing failure costs nobody an answer: what is tried again, how often, and what is kept of each try."""

import pytest
from at_work import start, work_off
from jobs import collect, triggers

from senso.db import transaction
from senso.errors import (
    CutOff,
    JobFailed,
    LeftAlone,
    Malformed,
    Misconfigured,
    OutsideError,
    RateLimited,
    Refused,
    TooLong,
    Unavailable,
    Unforeseen,
)
from senso.outgoing.addresses import Forbidden
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import extract, finish_batch, read, submit_snapshot
from senso.workflows.retry_policy import most_tries

# How often one question is asked in all, by the way in which its call ends.
TRIES = {
    Unavailable: 5,
    RateLimited: 5,
    LeftAlone: 5,
    Malformed: 3,
    CutOff: 2,
    TooLong: 1,
    Unforeseen: 1,
    Refused: 1,
    Forbidden: 1,
    Misconfigured: 1,
    JobFailed: 1,
}


def kinds(of: type) -> set[type]:
    return {one for kind in of.__subclasses__() for one in (kind, *kinds(kind))}


def test_each_way_in_which_a_call_fails_has_its_tries():
    assert kinds(OutsideError) == set(TRIES)
    assert {kind: most_tries(kind("a vendor", "a reason")) for kind in TRIES} == TRIES


def kept() -> bool:
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}
    return True


def now_due(make) -> None:
    make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
    make.sql("UPDATE evaluations SET next_at = now() WHERE next_at IS NOT NULL")


def asked(make, run, times: int) -> None:
    for _ in range(times):
        now_due(make)
        read(str(run))


@pytest.mark.parametrize("kind", ["malformed", "empty", "length", "page"])
def test_an_unusable_answer_is_asked_for_again_and_its_first_try_is_kept(make, sandbox, kind):
    run = make.run()
    sandbox.fault("openai.responses", kind, times=1)

    asked(make, run, 2)

    first, second = make.sql("SELECT outcome, error FROM llm_calls WHERE purpose = 'ask' ORDER BY id")
    assert (first["outcome"], second["outcome"], second["error"]) == ("malformed", "answered", None)
    assert first["error"].startswith("openai")
    assert make.one("SELECT state FROM evaluations") == "done"
    assert kept()


def test_an_answer_that_stays_unusable_is_asked_for_three_times(make, sandbox):
    run = make.run()
    sandbox.fault("openai.responses", "empty")

    asked(make, run, 5)

    assert (make.one("SELECT state FROM question_runs"), len(sandbox.calls("openai.responses"))) == ("failed", 3)
    assert kept()


def test_a_reading_that_is_unusable_once_is_read_again_by_the_same_model(make, sandbox):
    run = make.run(answered=True)
    sandbox.fault("openai.chat", "malformed", times=1)

    extract(str(run))
    now_due(make)
    extract(str(run))

    calls = make.sql("SELECT outcome, model FROM llm_calls WHERE purpose = 'read' ORDER BY id")
    assert [(one["outcome"], one["model"]) for one in calls] == [("malformed", "gpt-6-luna"), ("read", "gpt-6-luna")]


@pytest.fixture
def jobs(make, sandbox):
    """Six runs at two places: two jobs of three, which are submitted."""
    batch = make.queued(make.org(questions=3, models=("chatgpt",), countries=("US", "CA")))
    start(batch)
    return batch


def submitted(make) -> None:
    for job in make.sql("SELECT id FROM vendor_jobs WHERE state = 'submitting' ORDER BY id"):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        submit_snapshot(str(job["id"]))
    collect(make)


def finished(make, batch) -> str:
    extract(*map(str, make.runs(batch)))
    finish_batch(str(batch), "chord")
    return make.state(batch)["state"]


@pytest.mark.parametrize(
    "kind", ["missing-records", "error-records", "no-peers", "crawler-502", "empty", "echo-prompt"]
)
def test_a_record_that_brings_nothing_is_asked_for_in_another_job(make, sandbox, jobs, kind):
    sandbox.fault("brightdata.trigger", kind, times=1)

    submitted(make)
    submitted(make)

    assert finished(make, jobs) == "completed"
    assert [len(call["inputs"]) for call in sandbox.calls("brightdata.trigger")] == [3, 3, 1]
    (first, second) = make.sql(
        "SELECT outcome, error, job_id FROM llm_calls WHERE purpose = 'ask' AND run_id IN ("
        "SELECT run_id FROM llm_calls WHERE purpose = 'ask' GROUP BY run_id HAVING count(*) = 2) ORDER BY id"
    )
    assert (first["outcome"], second["outcome"]) == ("failed", "answered")
    assert first["error"].startswith("brightdata: ")
    assert first["job_id"] != second["job_id"]
    assert kept()


@pytest.mark.parametrize("kind", ["snapshot-failed", "snapshot-empty", "snapshot-expired"])
def test_the_runs_of_a_job_that_failed_go_into_another(make, sandbox, jobs, kind):
    sandbox.fault("brightdata.trigger", kind, times=1)

    submitted(make)
    submitted(make)

    assert finished(make, jobs) == "completed"
    assert [len(call["inputs"]) for call in sandbox.calls("brightdata.trigger")] == [3, 3, 3]
    assert make.sql("SELECT state, count(*) AS n FROM vendor_jobs GROUP BY 1 ORDER BY 1") == [
        {"state": "collected", "n": 2},
        {"state": "failed", "n": 1},
    ]
    assert kept()


def test_a_job_that_never_becomes_ready_is_cancelled_and_asked_again(make, sandbox, jobs):
    sandbox.fault("brightdata.trigger", "never-ready", times=1)
    submitted(make)
    make.sql("UPDATE vendor_jobs SET deadline = now() WHERE state = 'running'")

    collect(make)
    submitted(make)

    assert finished(make, jobs) == "completed"
    assert len(sandbox.calls("brightdata.cancel")) == 1
    assert kept()


def test_what_fails_in_three_jobs_fails_for_good_and_charges_nothing(make, sandbox, jobs):
    sandbox.fault("brightdata.trigger", "error-records")

    for _ in range(5):
        submitted(make)

    assert finished(make, jobs) == "failed"
    assert len(triggers(sandbox)) == 6
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'") == 18
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 0
    assert kept()


def test_a_job_is_not_asked_again_once_its_batch_has_no_time_left(make, sandbox, jobs):
    sandbox.fault("brightdata.trigger", "error-records")
    make.sql("UPDATE batches SET deadline = now() + interval '0.01 seconds'")

    submitted(make)

    assert make.sql("SELECT DISTINCT state FROM question_runs") == [{"state": "failed"}]
    assert len(triggers(sandbox)) == 2


def test_a_wrong_key_stops_what_else_the_batch_would_ask_of_that_provider(make, sandbox):
    batch = make.queued(make.org(questions=3, models=("gpt-6-luna", "claude-haiku-5-5")))
    sandbox.fault("openai.responses", "401")

    work_off(make, batch)

    runs = make.sql(
        "SELECT m.provider, r.state, count(*) AS n FROM question_runs r JOIN models m ON m.id = r.model_id "
        "GROUP BY 1, 2 ORDER BY 1"
    )
    assert [tuple(one.values()) for one in runs] == [("anthropic", "answered", 3), ("openai", "failed", 3)]
    assert len(sandbox.calls("openai.responses")) == 1
    assert make.state(batch)["state"] == "partial"
    assert "OPENAI_API_KEY was not accepted; 2 runs not asked" in make.one("SELECT note FROM batches")
    assert kept()


def test_calls_that_are_refused_together_are_noted_once(make, sandbox):
    batch = make.batch(questions=4)
    first, second, *_ = map(str, make.runs(batch))
    sandbox.fault("openai.responses", "401")

    read(first, second)

    assert len(sandbox.calls("openai.responses")) == 2
    reason = "openai 401: the key in OPENAI_API_KEY was not accepted"
    assert make.one("SELECT note FROM batches") == f"{reason}; 2 runs not asked"
    assert make.sql("SELECT DISTINCT error FROM question_runs") == [{"error": reason}]
    assert kept()


def test_a_model_that_is_gone_stops_its_own_runs_alone(make, sandbox):
    batch = make.queued(make.org(questions=2, models=("gpt-6-luna", "gpt-6.1-terra")))
    sandbox.fault("openai.responses", "404", times=1)

    work_off(make, batch)

    states = make.sql("SELECT r.state, count(*) AS n FROM question_runs r GROUP BY 1 ORDER BY 1")
    assert [tuple(one.values()) for one in states] == [("answered", 2), ("failed", 2)]
    assert kept()


def test_a_reply_that_our_program_fails_on_is_kept_with_its_cost_and_not_bought_again(make, sandbox, monkeypatch):
    run = make.run()
    monkeypatch.setattr("senso.providers.wire.openai.cited", lambda *_: 1 / 0)

    asked(make, run, 3)

    (row,) = make.sql("SELECT state, error, reply, cost_microusd FROM question_runs")
    (call,) = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask'")
    assert (row["state"], row["error"]) == ("failed", "openai: internal error: ZeroDivisionError")
    assert '"output"' in row["reply"]["raw"]
    assert (call["outcome"], call["cost_microusd"] > 0) == ("malformed", True)
    assert row["cost_microusd"] == call["cost_microusd"]
    assert kept()


def test_a_reading_that_our_program_fails_on_is_not_bought_again_by_any_model(make, sandbox, monkeypatch):
    run = make.run(answered=True)
    monkeypatch.setattr("senso.extraction.checked_for", lambda *_: 1 / 0)

    for _ in range(3):
        now_due(make)
        extract(str(run))

    (call,) = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'read'")
    assert (call["outcome"], call["cost_microusd"] > 0) == ("malformed", True)
    assert make.one("SELECT state FROM evaluations") == "failed"
