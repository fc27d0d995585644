"""The registry: one entry for each provider, which names its settings."""

from pathlib import Path

import pytest

from senso.registry import PROVIDERS
from senso.settings import BASE_URLS, Settings
from senso.settings.fields import SECRETS
from senso.settings.variable_list import UNUSED

FILES = Path(__file__).parents[1] / "senso" / "providers"


def test_every_file_of_a_provider_has_its_entry():
    files = {path.stem for path in FILES.glob("[!_]*") if path.stem != "wire"}

    assert {entry.made.__module__.split(".")[2] for entry in PROVIDERS.values()} == files


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_entry_names_settings_that_there_are_and_that_are_used(name):
    entry = PROVIDERS[name]

    assert {entry.base_url, entry.key, *entry.settings.values()} <= set(Settings.model_fields) - UNUSED
    assert (entry.base_url in BASE_URLS, entry.key in SECRETS) == (True, True)


@pytest.mark.parametrize(("name", "model", "reached"), [("brightdata", "chatgpt", True), ("brightdata", "grok", False)])
def test_an_entry_says_which_models_its_provider_reaches(name, model, reached):
    assert PROVIDERS[name].reaches(model) is reached
