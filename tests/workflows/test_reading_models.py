"""Whoever reads answers and finds names is a model like any other: from its row, called and paid as that says."""

from dataclasses import replace

import pytest
from at_work import start
from operating import Initiator, trigger_org

from senso.db import transaction
from senso.errors import ConfigError
from senso.prices import Price
from senso.providers import Parameters
from senso.settings import settings
from senso.tasks.stages import extract, read
from senso.workflows import reading_models
from senso.workflows.reading_models import unlisted

OWN = """
    INSERT INTO models (id, slug, provider, name, surface, deadline_seconds, parameters, prices)
    VALUES (gen_random_uuid(), 'own', 'openai', 'gpt-5.1', 'api', 90,
        '{"temperature": false, "reasoning_effort": ["none", "low"], "source": "a page", "read_on": "2026-11-28"}',
        '{"token_in": 3, "token_out": 5, "source": "a page", "read_on": "2026-11-28"}')
"""


@pytest.fixture
def reads(environment):
    """`reads("own")`: the settings name it."""

    def put(said, variable="READING_MODELS"):
        environment.setenv(variable, said)
        settings.cache_clear()

    return put


def reading():
    with transaction() as db:
        return reading_models.readers(db)[0].model


def calls(make, purpose):
    return make.sql("SELECT * FROM llm_calls WHERE purpose = :purpose ORDER BY id", purpose=purpose)


def test_a_reader_is_found_by_its_slug_before_its_name(make, reads):
    make.sql(OWN)
    reads("own")

    found = reading()

    assert (found.provider, found.name, found.price) == ("openai", "gpt-5.1", Price(token_in=3, token_out=5))
    assert found.parameters == Parameters(temperature=False, reasoning_effort=("none", "low"))
    make.sql("UPDATE models SET slug = 'gpt-of-ours', name = 'own' WHERE slug = 'gpt-4o'")
    reading_models.cached.clear()
    assert reading() == found


def test_of_models_of_one_name_the_one_that_can_read_is_taken(make, reads):
    make.sql("UPDATE models SET name = 'reader' WHERE slug IN ('chatgpt', 'gpt-6.1-terra')")
    reads("reader")

    assert reading().provider == "openai"


def test_a_reader_without_a_row_is_asked_for_as_it_is_named_at_an_unknown_cost(make, sandbox, reads):
    reads("gpt-4.1-nano")
    run = make.run()

    read(str(run))

    (call,) = calls(make, "read")
    assert (call["provider"], call["model"], call["outcome"], call["cost_microusd"]) == (
        "openai",
        "gpt-4.1-nano",
        "read",
        None,
    )


@pytest.mark.parametrize("answered", [False, True])
def test_an_answer_is_read_by_the_model_of_the_settings_and_paid_at_the_price_of_its_row(
    make, sandbox, reads, answered
):
    make.sql(OWN)
    reads("own")
    run = make.run(answered=answered)

    (extract if answered else read)(str(run))

    (call,) = calls(make, "read")
    assert (call["provider"], call["model"]) == ("openai", "gpt-5.1")
    assert call["cost_microusd"] == 3 * call["tokens_in"] + 5 * call["tokens_out"]
    assert make.one("SELECT extractor FROM evaluations") == "gpt-5.1"


def test_names_are_found_by_the_model_of_the_settings(make, sandbox, reads):
    make.sql(OWN)
    reads("own", "NAMES_MODEL")

    start(make.queued())

    (call,) = calls(make, "names")
    assert (call["provider"], call["model"]) == ("openai", "gpt-5.1")
    assert call["cost_microusd"] == 3 * call["tokens_in"] + 5 * call["tokens_out"]


def test_a_row_is_read_once_a_process_and_again_after_a_while(make, monkeypatch):
    first = reading()
    make.sql("UPDATE models SET prices = NULL WHERE slug = 'gpt-6-luna'")

    assert reading() is first
    reading_models.cached = {said: (model, 0.0) for said, (model, _) in reading_models.cached.items()}
    assert reading() == replace(first, price=None, source=None)


@pytest.mark.parametrize("variable", ["READING_MODELS", "NAMES_MODEL"])
def test_a_model_that_cannot_read_is_refused_before_anything_is_opened(make, reads, variable):
    reads("chatgpt", variable)
    org = make.org()

    with pytest.raises(ConfigError, match=f"{variable}: chatgpt of brightdata reads no answers and finds no names"):
        trigger_org(org.id, Initiator("test"))

    assert make.one("SELECT count(*) FROM batches") == 0


def test_answers_and_jobs_are_paid_at_the_price_of_their_models_row(make, sandbox):
    make.sql("UPDATE models SET prices = prices || '{\"token_in\": 7, \"search\": 1000}' WHERE slug = 'gpt-6.1-terra'")
    run = make.run()

    read(str(run))

    (call,) = calls(make, "ask")
    searched = call["cost_microusd"] - 7 * (call["tokens_in"] - call["tokens_cached"] - (call["tokens_written"] or 0))
    searched -= 0.05 * call["tokens_cached"] + 1.25 * (call["tokens_written"] or 0) + 5 * call["tokens_out"]
    assert searched >= 1000
    assert searched % 1000 == pytest.approx(0, abs=1)


def test_whoever_is_not_listed_has_no_price():
    assert (unlisted("x").provider, unlisted("x").name, unlisted("x").price) == ("openai", "x", None)
