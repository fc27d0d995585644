"""READING_MODE=batch: answers are read in files at the vendor, at half the price, with the same promises."""

import pytest
from at_work import start
from reading_jobs import (
    BATCHES,
    FILES,
    LINES,
    answered,
    broken,
    job_state,
    jobs,
    read_rest,
    readings_asked,
    states,
    work,
)

from senso.cli.wait_reasons import lines
from senso.db import transaction
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.providers.openai import batches
from senso.queries import reading_jobs
from senso.queries.batches import admit
from senso.reads import waiting
from senso.settings import settings
from senso.tasks.periodic import poll
from senso.tasks.stages import finish_batch, read
from senso.workflows import cancelling
from senso.workflows.reading_jobs import collecting
from senso.workflows.retrying import retry
from senso.workflows.trigger import Initiator

pytestmark = pytest.mark.usefixtures("in_batches")


@pytest.fixture
def two_readers(monkeypatch):
    """And a vendor whose files are complete as soon as its batch has ended."""
    monkeypatch.setenv("READING_MODELS", "gpt-6-luna,gpt-6.1-terra")
    monkeypatch.setattr(batches, "SETTLING_SECONDS", -60)
    settings.cache_clear()


def test_answers_are_read_in_one_file_at_half_the_price(make, sandbox):
    batch = answered(make, questions=5)
    assert states(make) == {"pending": 5}

    work(make)
    assert job_state(make) == "running"
    work(make)
    finish_batch(str(batch), "rows")

    assert states(make) == {"done": 5}
    assert job_state(make) == "collected"
    assert make.one("SELECT state FROM batches") == "completed"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 5
    assert (readings_asked(sandbox), len(sandbox.calls(LINES))) == (0, 5)
    calls = make.sql("SELECT tokens_in, tokens_cached, tokens_out, cost_microusd FROM llm_calls WHERE purpose = 'read'")
    price = {"tokens_in": 0.1, "tokens_cached": 0.01 - 0.1, "tokens_out": 0.5}
    halves = [round(sum(each * one[kind] for kind, each in price.items()) / 2) for one in calls]
    assert [one["cost_microusd"] for one in calls] == halves
    assert broken() == {}


def test_a_job_is_sent_once_all_questions_have_an_end(make, sandbox):
    batch = make.batch(questions=2)
    start(batch)
    first, second = make.runs(batch)
    read(str(first))
    with transaction() as db:
        assert reading_jobs.due(db, POLICY) == []
    read(str(second))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
    with transaction() as db:
        assert reading_jobs.due(db, POLICY) == jobs(make)
    assert not sandbox.calls(FILES)


def test_a_batch_without_answers_ends_its_job(make, sandbox):
    sandbox.fault("openai.responses", "refusal")
    batch = answered(make, questions=2)
    finish_batch(str(batch), "rows")
    work(make)
    assert make.one("SELECT state FROM batches") == "failed"
    assert job_state(make) == "failed"
    assert not sandbox.calls(FILES)
    assert broken() == {}


@pytest.mark.usefixtures("two_readers")
@pytest.mark.parametrize(
    ("kind", "outcome", "cost"),
    [
        ("line-500", "unavailable", 0),
        ("line-expired", "unavailable", 0),
        ("line-400", "refused", 0),
        ("refusal", "refused", "paid"),
        ("length", "malformed", "paid"),
        ("malformed", "malformed", "paid"),
        ("line-missing", "failed", None),
    ],
)
def test_a_line_without_a_usable_result_is_read_by_a_call(make, sandbox, kind, outcome, cost):
    batch = answered(make, questions=3)
    sandbox.fault(LINES, kind, times=1)
    work(make, 2)
    assert states(make) == {"done": 2, "pending": 1}
    read_rest(make, batch)
    assert states(make) == {"done": 3}
    first = make.sql("SELECT outcome, cost_microusd, error FROM llm_calls WHERE purpose = 'read' AND outcome <> 'read'")
    assert [one["outcome"] for one in first] == [outcome]
    assert first[0]["cost_microusd"] == cost or (cost == "paid" and first[0]["cost_microusd"] > 0)
    assert first[0]["error"].startswith("openai")
    assert make.one("SELECT state FROM batches") == "completed"
    assert broken() == {}


def test_a_result_that_comes_twice_is_saved_once(make, sandbox):
    answered(make, questions=3)
    sandbox.fault(LINES, "line-twice")
    work(make, 2)
    assert states(make) == {"done": 3}
    assert broken() == {}


def test_what_the_vendor_did_not_do_within_a_day_is_read_by_calls(make, sandbox):
    batch = answered(make, questions=4)
    sandbox.fault(BATCHES, "batch-expired", times=1)
    work(make, 2)
    assert (job_state(make), states(make)) == ("collected", {"done": 2, "pending": 2})
    read_rest(make, batch)
    assert states(make) == {"done": 4}
    assert readings_asked(sandbox) == 2
    assert broken() == {}


def test_a_vendor_whose_queue_is_full_is_given_the_file_again_later(make, sandbox):
    answered(make, questions=4)
    sandbox.fault(BATCHES, "batch-failed", times=1)
    work(make, 2)
    assert (job_state(make), make.one("SELECT next_poll_at > now() + interval '9 minutes' FROM vendor_jobs")) == (
        "submitting",
        True,
    )
    assert broken() == {}
    work(make, 2)
    assert states(make) == {"done": 4}
    assert (readings_asked(sandbox), len(sandbox.calls(LINES))) == (0, 4)
    assert broken() == {}


def test_a_queue_that_stays_full_leaves_the_answers_to_calls(make, sandbox):
    batch = answered(make, questions=2)
    sandbox.fault(BATCHES, "batch-failed")
    work(make)
    make.sql("UPDATE vendor_jobs SET deadline = created_at")
    work(make)
    assert job_state(make) == "failed"
    read_rest(make, batch)
    assert states(make) == {"done": 2}


def test_a_rate_limit_is_no_failure_of_the_file(make, sandbox):
    answered(make, questions=2)
    sandbox.fault(BATCHES, "429", times=6)
    work(make, 6)
    assert (job_state(make), make.one("SELECT failures FROM vendor_jobs")) == ("submitting", 0)
    work(make, 2)
    assert states(make) == {"done": 2}
    assert readings_asked(sandbox) == 0


@pytest.mark.parametrize("kind", ["page", "malformed", "cut-within", "500", "404"])
def test_a_download_that_is_not_the_file_is_fetched_again(make, sandbox, kind):
    answered(make, questions=4)
    work(make)
    sandbox.fault(FILES, kind, times=1)
    work(make)
    assert job_state(make) == "running"
    work(make)
    assert states(make) == {"done": 4}
    assert (readings_asked(sandbox), len(sandbox.calls(LINES))) == (0, 4)
    assert broken() == {}


def test_what_no_other_model_may_read_is_not_bought_again(make, sandbox):
    batch = answered(make, questions=2)
    sandbox.fault(LINES, "refusal", times=1)
    work(make, 2)
    finish_batch(str(batch), "rows")
    assert states(make) == {"done": 1, "failed": 1}
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read'") == 2
    assert make.one("SELECT state FROM batches") == "partial"
    assert broken() == {}


def test_a_question_that_never_ends_does_not_hold_up_the_others(make, sandbox):
    batch = make.batch(questions=3)
    start(batch)
    first, *_ = make.runs(batch)
    read(str(first))
    make.sql("UPDATE vendor_jobs SET created_at = created_at - interval '7 hours', next_poll_at = now()")
    with transaction() as db:
        assert reading_jobs.due(db, POLICY) == jobs(make)
    work(make, 2)
    assert states(make) == {"done": 1, "pending": 2}
    for run in make.runs(batch):
        read(str(run))
    assert states(make) == {"done": 3}
    assert (readings_asked(sandbox), len(sandbox.calls(LINES))) == (2, 1)


def test_a_batch_that_was_sent_twice_is_found_by_its_mark_and_one_is_cancelled(make, sandbox):
    answered(make, questions=2)
    sandbox.timing(batch_seconds=60)
    for _ in range(2):
        sandbox.fault(BATCHES, "drop-after", times=1)
        make.sql("UPDATE vendor_jobs SET maybe_sent_at = NULL, request_hash = NULL, grace_until = NULL")
        work(make)
    work(make)
    assert make.sql(
        "SELECT state, cancelled_at IS NOT NULL AS gone FROM vendor_jobs ORDER BY created_at, state DESC"
    ) == [
        {"state": "running", "gone": False},
        {"state": "cancelled", "gone": True},
    ]


def test_nobody_knows_what_a_request_cost_that_the_vendor_never_lists(make, sandbox):
    answered(make, questions=2)
    sandbox.fault(BATCHES, "drop", times=1)
    work(make)
    make.sql("UPDATE vendor_jobs SET grace_until = now()")
    sandbox.fault(FILES, "500", times=1)
    work(make)
    told = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'read'")
    assert told == [{"outcome": "unavailable", "cost_microusd": None}] * 2


def test_a_batch_that_waits_for_its_file_takes_no_place(make, sandbox):
    sandbox.timing(batch_seconds=60)
    answered(make, questions=1)
    work(make)
    queued = make.queued(make.org())
    with transaction() as db:
        admit(db, 1)
    assert make.one("SELECT state FROM batches WHERE id = :id", id=queued) == "running"


def test_jobs_of_questions_have_their_usual_time(make, sandbox):
    batch = make.batch(questions=1, models=("chatgpt",))
    start(batch)
    hours = "SELECT extract(epoch FROM deadline - created_at) / 3600 FROM vendor_jobs WHERE kind = 'questions'"
    assert float(make.one(hours)) <= 6
    assert broken() == {}


@pytest.mark.parametrize("where", [FILES, BATCHES])
@pytest.mark.parametrize("kind", ["429", "500", "drop"])
def test_a_file_that_was_not_taken_is_sent_again(make, sandbox, where, kind):
    answered(make, questions=2)
    sandbox.fault(where, kind, times=1)
    work(make)
    make.sql("UPDATE vendor_jobs SET grace_until = now() WHERE grace_until IS NOT NULL")
    work(make, 3)
    assert states(make) == {"done": 2}
    assert len(sandbox.calls(LINES)) == 2
    assert broken() == {}


def test_a_file_that_is_not_seen_yet_is_waited_for(make, sandbox):
    answered(make, questions=2)
    sandbox.fault(BATCHES, "file-unseen", times=1)
    work(make, 2)
    assert states(make) == {"done": 2}


def test_a_batch_whose_reply_was_lost_is_found_and_not_sent_again(make, sandbox):
    answered(make, questions=2)
    sandbox.fault(BATCHES, "drop-after", times=1)
    work(make)
    assert job_state(make) == "submitting"
    work(make, 2)
    assert states(make) == {"done": 2}
    assert len(sandbox.calls(LINES)) == 2
    assert make.one("SELECT count FROM repairs WHERE kind = 'submit adopted'") == 1
    assert broken() == {}


def test_past_its_deadline_a_job_is_cancelled_and_the_rest_read_by_calls(make, sandbox):
    batch = answered(make, questions=2)
    sandbox.fault(BATCHES, "never-ready", times=1)
    work(make)
    make.sql("UPDATE vendor_jobs SET deadline = created_at")
    work(make, 2)
    assert job_state(make) == "collected"
    read_rest(make, batch)
    assert states(make) == {"done": 2}
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read' AND outcome = 'read'") == 2
    assert broken() == {}


def test_a_job_that_does_not_even_end_when_cancelled_is_given_up(make, sandbox):
    batch = answered(make, questions=2)
    sandbox.fault(BATCHES, "never-ready", times=1)
    work(make)
    sandbox.fault(BATCHES, "500")
    make.sql("UPDATE vendor_jobs SET deadline = now() - interval '2 hours'")
    work(make)
    assert job_state(make) == "failed"
    read_rest(make, batch)
    assert states(make) == {"done": 2}


def test_a_cancelled_batch_cancels_its_file(make, sandbox):
    batch = answered(make, questions=2)
    sandbox.timing(batch_seconds=60)
    work(make)
    cancelling.cancel(batch, Initiator("an operator"), is_pushed=False)
    poll()
    assert job_state(make) == "cancelled"
    assert make.one("SELECT cancelled_at IS NOT NULL FROM vendor_jobs")
    assert broken() == {}


def test_results_are_saved_some_at_a_time_and_a_second_look_goes_on(make, sandbox, monkeypatch):
    monkeypatch.setattr(collecting, "AT_ONCE", 2)
    answered(make, questions=5)
    work(make)
    saved = []
    store = collecting.store

    def killed(db, work, known):
        if len(saved) == 1:
            raise KeyboardInterrupt
        saved.append(len(known.rows))
        store(db, work, known)

    monkeypatch.setattr(collecting, "store", killed)
    with pytest.raises(KeyboardInterrupt):
        work(make)
    monkeypatch.setattr(collecting, "store", store)
    assert states(make) == {"done": 2, "pending": 3}
    work(make)
    assert states(make) == {"done": 5}
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read'") == 5
    assert broken() == {}


def test_a_retry_reads_by_calls(make, sandbox):
    sandbox.fault(LINES, "line-400")
    batch = answered(make, questions=2)
    work(make, 2)
    finish_batch(str(batch), "rows")
    assert make.one("SELECT state FROM batches") == "failed"
    sandbox.heal()
    retry(batch, Initiator("an operator"))
    start(batch)
    read_rest(make, batch)
    assert states(make) == {"done": 2}
    assert len(jobs(make)) == 1


@pytest.mark.parametrize("models", ["claude-haiku-5-5", "ft:our-own"])
def test_a_trigger_is_refused_where_no_reading_model_takes_files(make, sandbox, monkeypatch, models):
    monkeypatch.setenv("READING_MODELS", models)
    settings.cache_clear()
    with pytest.raises(ConfigError, match="READING_MODE"):
        make.batch(questions=1)


def test_the_status_says_until_when(make, sandbox):
    batch = answered(make, questions=3)
    sandbox.timing(batch_seconds=60)
    work(make)
    with transaction() as db:
        found = waiting.waits(db, [batch], POLICY, each=True, reader="gpt-6-luna")
    one = next(one for one in found if one.what == "job")
    said = lines([one], one.seen_at)[0]
    assert said.startswith("1 job at openai (3 answers to be read; gpt-6-luna)")
    assert "read by calls from" in said
    assert 19 < (one.until - one.seen_at).total_seconds() / 3600 < 20.1
