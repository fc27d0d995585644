"""READING_MODELS is a list: what one model refuses, or twice cuts off or returns unusable, is read by the next."""

import pytest
from at_work import start

from senso.settings import settings
from senso.tasks.periodic import due
from senso.tasks.stages import finish_batch, read
from senso.workflows import extracting, reading_models

CALLS = "SELECT model, outcome, fence FROM llm_calls WHERE purpose = 'read' ORDER BY id"


@pytest.fixture
def readers(environment):
    def put(said):
        environment.setenv("READING_MODELS", said)
        settings.cache_clear()
        reading_models.cached.clear()

    return put


@pytest.fixture
def rooms(monkeypatch) -> list[int]:
    """For how many tokens of output each call asked."""
    found, real = [], extracting.complete

    async def noted(prompt, reader):
        found.append(prompt.max_tokens)
        return await real(prompt, reader)

    monkeypatch.setattr(extracting, "complete", noted)
    return found


def batch_of_one(make):
    batch = make.queued(make.org(questions=1))
    start(batch)
    return batch


def reads(make, times):
    """Each try is due at once, and under a claim of its own."""
    (run,) = make.sql("SELECT id FROM question_runs")
    for _ in range(times):
        make.sql("UPDATE evaluations SET next_at = now() WHERE next_at IS NOT NULL")
        due()
        read(str(run["id"]))


def test_what_the_first_refuses_the_second_reads(make, sandbox, readers):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch = batch_of_one(make)
    sandbox.fault("openai.chat", "refusal", times=1)

    reads(make, times=2)
    finish_batch(str(batch), "chord")

    first, second = make.sql(CALLS)
    assert (first["model"], second["model"], second["outcome"]) == ("gpt-6-luna", "gpt-6.1-terra", "read")
    assert second["fence"] == first["fence"] + 1
    assert make.sql("SELECT state, extractor, failures FROM evaluations") == [
        {"state": "done", "extractor": "gpt-6.1-terra", "failures": 0}
    ]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1
    assert len(sandbox.calls("openai.responses")) == 1


@pytest.mark.parametrize("kind", ["length", "empty", "malformed"])
def test_what_was_cut_off_or_unusable_is_read_again_by_the_same_model_with_more_room(
    make, sandbox, readers, rooms, kind
):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch_of_one(make)
    sandbox.fault("openai.chat", kind, times=1)

    reads(make, times=2)

    assert [call["model"] for call in make.sql(CALLS)] == ["gpt-6-luna", "gpt-6-luna"]
    assert make.one("SELECT state FROM evaluations") == "done"
    first, second = rooms
    assert first < second


@pytest.mark.parametrize("kind", ["length", "malformed"])
def test_what_is_unusable_with_more_room_too_is_read_by_the_next(make, sandbox, readers, kind):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch = batch_of_one(make)
    sandbox.fault("openai.chat", kind, times=2)

    reads(make, times=3)
    finish_batch(str(batch), "chord")

    assert [call["model"] for call in make.sql(CALLS)] == ["gpt-6-luna", "gpt-6-luna", "gpt-6.1-terra"]
    assert make.sql("SELECT state, extractor, failures FROM evaluations") == [
        {"state": "done", "extractor": "gpt-6.1-terra", "failures": 0}
    ]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1
    assert len(sandbox.calls("openai.responses")) == 1


def test_what_the_last_cannot_read_either_fails_with_its_reason(make, sandbox, readers):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch_of_one(make)
    sandbox.fault("openai.chat", "refusal")

    reads(make, times=4)

    assert [call["model"] for call in make.sql(CALLS)] == ["gpt-6-luna", "gpt-6.1-terra"]
    (evaluation,) = make.sql("SELECT state, error FROM evaluations")
    assert (evaluation["state"], "refused" in evaluation["error"]) == ("failed", True)


def test_an_overload_is_waited_for_and_read_by_the_same_model(make, sandbox, readers):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch_of_one(make)
    sandbox.fault("openai.chat", "503", times=1)
    (run,) = make.sql("SELECT id FROM question_runs")
    read(str(run["id"]))
    make.sql("UPDATE evaluations SET next_at = now()")

    reads(make, times=1)

    assert [call["model"] for call in make.sql(CALLS)] == ["gpt-6-luna", "gpt-6-luna"]


def test_a_list_that_has_become_shorter_is_read_by_its_last(make, sandbox, readers):
    readers("gpt-6-luna,gpt-6.1-terra")
    batch_of_one(make)
    sandbox.fault("openai.chat", "refusal", times=1)
    reads(make, times=1)
    readers("gpt-6-luna")

    reads(make, times=1)

    assert [call["outcome"] for call in make.sql(CALLS)] == ["refused", "read"]
    assert {call["model"] for call in make.sql(CALLS)} == {"gpt-6-luna"}


def test_where_the_first_stays_away_the_second_reads(make, sandbox, readers):
    readers("gpt-6-luna,claude-haiku-5-5")
    batch = batch_of_one(make)
    sandbox.fault("openai.chat", "503")

    reads(make, times=6)
    finish_batch(str(batch), "chord")

    assert [one["model"] for one in make.sql(CALLS)] == ["gpt-6-luna"] * 5 + ["claude-haiku-5-5"]
    assert make.one("SELECT state FROM evaluations") == "done"
