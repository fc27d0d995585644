"""READING_PROMPTS: which version of the prompt reads how many answers."""

import pytest

from senso.errors import ConfigError
from senso.settings import read_settings
from senso.settings.prompt_shares import shares


def test_each_version_has_its_percent():
    assert shares("reading-4 = 90 %, reading-4-brief=10,") == (("reading-4", 90), ("reading-4-brief", 10))
    assert shares("") == ()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("reading-4", "VERSION=PERCENT"),
        ("reading-4=ten", "VERSION=PERCENT"),
        ("reading-4=90.5, b=9.5", "VERSION=PERCENT"),
        ("reading-4=90, b=11", "101 %"),
        ("reading-4=50, reading-4=50", "twice"),
    ],
)
def test_what_is_no_share_is_refused_by_name(environment, said, why):
    with pytest.raises(ValueError, match=why):
        shares(said)
    environment.setenv("READING_PROMPTS", said)
    with pytest.raises(ConfigError, match="READING_PROMPTS"):
        read_settings()
