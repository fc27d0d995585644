"""A model that is about to go is said 60 days before; one that its provider does not list, when providers are asked."""

from datetime import date, timedelta

import pytest

from senso.checks import models
from senso.checks.models import of_model
from senso.queries.models import AskedModel
from senso.settings import settings

TODAY = date(2026, 11, 28)


def model(retired_on=None):
    return AskedModel("fast", "openai", "gpt-fast", retired_on)


def said(retired_on, listed=None):
    return [(one.state, one.said) for one in of_model(model(retired_on), TODAY, listed)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (None, []),
        (TODAY + timedelta(days=61), []),
        (TODAY + timedelta(days=60), [("warning", "retired by openai on 2027-01-27, in 60 days")]),
        (TODAY, [("warning", "retired by openai on 2026-11-28, in 0 days")]),
        (TODAY - timedelta(days=1), [("warning", "retired by openai on 2026-11-27")]),
    ],
)
def test_a_retirement_is_said_sixty_days_before(day, expected):
    assert said(day) == expected


def test_the_sooner_of_what_we_know_and_what_the_provider_says_counts():
    assert said(TODAY + timedelta(days=50), {"gpt-fast": TODAY + timedelta(days=3)}) == [
        ("warning", "retired by openai on 2026-12-01, in 3 days")
    ]


def test_a_model_that_is_not_listed_is_said():
    assert said(None, {"gpt-other": None}) == [("warning", "openai does not list gpt-fast")]


def test_only_models_of_active_orgs_and_readers_are_looked_at(make, sandbox, environment):
    environment.setenv("READING_MODELS", "gpt-4o-mini")
    settings.cache_clear()
    make.org(models=("gpt-4.1",))
    idle = make.org(models=("gpt-4o",))
    make.sql("UPDATE orgs SET active = false WHERE id = :id", id=idle.id)

    found = models.findings(settings(), date(2027, 1, 10))

    assert [one.name for one in found] == ["Model gpt-4.1", "Model gpt-4o-mini"]


def test_a_reader_that_cannot_read_is_a_fault_and_a_model_that_cannot_be_asked_a_warning(make, sandbox, environment):
    environment.setenv("READING_MODELS", "gpt-6-luna, chatgpt")
    settings.cache_clear()
    make.sql(
        "INSERT INTO models (id, slug, provider, name, surface, deadline_seconds) "
        "VALUES (gen_random_uuid(), 'deep', 'linkup', 'deepest', 'api', 90)"
    )
    make.org(models=("deep",))

    found = models.findings(settings(), TODAY)

    assert [(one.name, one.state, one.said) for one in found] == [
        ("Model chatgpt", "fault", "brightdata reads no answers and finds no names"),
        ("Model deep", "warning", "linkup has no deepest in this version"),
    ]


def test_a_reader_without_a_row_is_looked_for_in_the_list_of_its_provider(make, sandbox, environment):
    environment.setenv("NAMES_MODEL", "gtp-6-luna")
    settings.cache_clear()

    found = models.findings(settings(), TODAY, online=True)

    assert [(one.name, one.said) for one in found] == [("Model gtp-6-luna", "openai does not list gtp-6-luna")]


def test_a_prompt_that_there_is_not_is_a_fault(make, sandbox, environment):
    environment.setenv("READING_PROMPTS", "reading-99=100")
    settings.cache_clear()

    (found,) = models.findings(settings(), TODAY)

    assert (found.name, found.state, found.said) == ("READING_PROMPTS", "fault", "no prompt reading-99")
