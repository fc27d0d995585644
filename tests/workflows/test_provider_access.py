"""What a batch will call is checked before anything is held: provider, model, key, and whether the model is retired."""

from datetime import UTC, date, datetime, timedelta

import pytest

from senso.db import transaction
from senso.errors import ConfigError
from senso.queries.models import AskedModel
from senso.settings import settings
from senso.workflows.provider_access import require, require_askable
from senso.workflows.trigger import Initiator, Terms, trigger_org

TODAY = date(2026, 12, 1)
ME = Initiator("test", "test")


def model(provider="openai", name="gpt-6-luna", retired_on=None):
    return AskedModel("slug", provider, name, retired_on)


def test_a_model_is_asked_on_its_last_day_and_not_after(sandbox):
    require_askable(model(retired_on=TODAY), TODAY)
    with pytest.raises(ConfigError, match=r"slug was retired by openai on 2026-11-30; senso models lists"):
        require_askable(model(retired_on=TODAY - timedelta(days=1)), TODAY)


@pytest.mark.parametrize(
    ("variable", "provider", "name"),
    [
        ("OPENAI_API_KEY", "openai", "gpt-6-luna"),
        ("ANTHROPIC_API_KEY", "anthropic", "claude-haiku-5-5"),
        ("GEMINI_API_KEY", "gemini", "gemini-3.8-flash"),
        ("PERPLEXITY_API_KEY", "perplexity", "perplexity/sonar"),
        ("LINKUP_API_KEY", "linkup", "standard"),
        ("AZURE_OPENAI_KEY", "azure_openai", "our-answers"),
        ("AZURE_OPENAI_ENDPOINT", "azure_openai", "our-answers"),
        ("BRIGHTDATA_API_KEY", "brightdata", "chatgpt"),
    ],
)
def test_what_is_not_set_is_named_by_its_variable(sandbox, environment, variable, provider, name):
    require_askable(model(provider, name), TODAY)
    environment.delenv(variable)
    settings.cache_clear()

    with pytest.raises(ConfigError, match=variable):
        require_askable(model(provider, name), TODAY)


def test_a_model_that_its_provider_does_not_reach_is_named(sandbox):
    with pytest.raises(ConfigError, match="slug: brightdata has no grok in this version"):
        require_askable(model("brightdata", "grok"), TODAY)


def test_each_reader_needs_its_key(make, sandbox, environment):
    environment.setenv("READING_MODELS", "gpt-6-luna,claude-haiku-5-5")
    environment.delenv("ANTHROPIC_API_KEY")
    settings.cache_clear()

    with transaction() as db, pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        require(db, [], TODAY)


def test_a_trigger_with_a_retired_model_is_refused_before_anything_is_held(make, sandbox):
    org = make.org(models=("gpt-6.1-terra",))
    make.sql("""UPDATE models SET retirement = '{"on": "2026-01-14"}' WHERE slug = 'gpt-6.1-terra'""")

    with pytest.raises(ConfigError, match=r"gpt-6\.1-terra was retired by openai on 2026-01-14"):
        trigger_org(org.id, ME, Terms(datetime.now(UTC).date(), 1))

    assert make.one("SELECT count(*) FROM batches") == make.one("SELECT count(*) FROM ledger WHERE entry = 'hold'") == 0


@pytest.mark.parametrize("variable", ["READING_MODELS", "NAMES_MODEL"])
def test_a_retired_model_of_the_settings_is_refused_with_its_setting(make, sandbox, environment, variable):
    environment.setenv(variable, "gpt-4o-mini")
    settings.cache_clear()
    make.sql("UPDATE models SET retirement = jsonb_build_object('on', '2026-11-01') WHERE slug = 'gpt-4o-mini'")

    with transaction() as db, pytest.raises(ConfigError, match=f"{variable}: gpt-4o-mini was retired by openai"):
        require(db, [model()], TODAY)
