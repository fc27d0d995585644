"""What is pasted, exported and mounted carries more than the value: taken away around it, refused inside it."""

import pytest

from senso.errors import ConfigError
from senso.settings import read_settings
from senso.settings.fields import ADDRESSES, BASE_URLS, MODELS, SECRETS
from senso.settings.texts import cleaned

KEYS = sorted(SECRETS - ADDRESSES)
AROUND = ["\n", "\r\n", " ", "\t", "\ufeff", "\u200b", "\u00a0", "\u2028", "\u2060", "\x0c", "\n\n\r\n \ufeff"]
INSIDE = {
    " ": "a space",
    "\t": "a control character",
    "\x1b": "a control character",
    "\x7f": "a control character",
    "\x85": "a control character",
    "\u200b": "an invisible character",
    "\ufeff": "an invisible character",
    "\u00ad": "an invisible character",
    "\u00a0": "a space",
    "\u3000": "a space",
    "\u2028": "a control character",
    "ü": "a character that is not ASCII",
    "\u2013": "a character that is not ASCII",
    "🌲": "a character that is not ASCII",
    "\udcff": "a byte that is not UTF-8",
}


def value_of(name):
    urls = {"redis_url": "redis://:hunter2@host/0", "https_proxy": "http://me:hunter2@proxy.example:3128"}
    urls |= {"encryption_keys": f"hunter2{'A' * 36}="}
    if name in BASE_URLS:
        return "https://vendor.example/v1"
    if name == "sentry_dsn":
        return "https://hunter2@sentry.example/17"
    if name == "slack_webhook_url":
        return "https://slack.example/hunter2"
    if name == "flower_basic_auth":
        return "me:hunter2"
    return urls.get(name, "postgresql+psycopg2://me:hunter2@host/senso" if name in ADDRESSES else "sk-hunter2")


def read_as(name):
    found = getattr(read_settings(), name)
    return found.get_secret_value() if name in SECRETS else found


@pytest.mark.parametrize("around", AROUND, ids=ascii)
@pytest.mark.parametrize("name", sorted(SECRETS | ADDRESSES | MODELS))
def test_what_stands_around_a_value_is_no_part_of_it(nothing_set, name, around):
    nothing_set.setenv(name.upper(), around + value_of(name) + around)

    assert read_as(name) == value_of(name)


@pytest.mark.parametrize(("inside", "what"), INSIDE.items(), ids=[ascii(one) for one in INSIDE])
@pytest.mark.parametrize("name", [*KEYS, *sorted(MODELS)])
def test_what_no_key_holds_is_refused_without_the_key(nothing_set, name, inside, what):
    nothing_set.setenv(name.upper(), f"sk-hunter{inside}2")

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value) == f"{name.upper()}: has {what} in it, as character 10; copy it again"


@pytest.mark.parametrize("inside", ["\x00", "\x1b", "\u200b", "\ufeff", "\u2028", "\x85"], ids=ascii)
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_what_no_address_holds_is_refused_without_the_address(dotenv, name, inside):
    dotenv(f"{name.upper()}=postgresql://m{inside}e:hunter2@host/senso\n")

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value).startswith(f".env:1: {name.upper()}: has a")
    assert str(caught.value).endswith(" in it, as character 15; copy it again")


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "DATABASE_URL", "LOG_FORMAT", "SENSO_HOME"])
def test_two_lines_are_no_value(nothing_set, name, break_):
    nothing_set.setenv(name, f"hunter2{break_}hunter2")

    with pytest.raises(ConfigError, match=rf"^{name}: has more than one line; it must be one$"):
        read_settings()


@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", "\u201c{}\u201d", '"{}', "{}'", ' "{}"\n'], ids=ascii)
@pytest.mark.parametrize("name", ["openai_api_key", "api_token", "sentry_dsn", "reading_model", "senso_home"])
def test_quotes_that_nobody_takes_away_are_refused(nothing_set, name, quoted):
    nothing_set.setenv(name.upper(), quoted.format("sk-hunter2"))

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value).startswith((f"{name.upper()}: begins or ends with a quotation", f"{name.upper()}: has a"))
    assert "hunter2" not in str(caught.value)


def test_nothing_but_what_cannot_be_seen_is_nothing(nothing_set):
    nothing_set.setenv("OPENAI_API_KEY", " \ufeff\u200b\n")

    assert read_settings().openai_api_key is None


def test_a_password_in_an_address_may_be_of_any_language(nothing_set):
    nothing_set.setenv("REDIS_URL", "redis://:größe@host/0")

    assert read_settings().redis_url.get_secret_value() == "redis://:größe@host/0"


def test_a_path_may_hold_spaces_and_letters_of_any_language(nothing_set):
    nothing_set.setenv("SENSO_HOME", "/srv/Größe und mehr")

    assert str(read_settings().senso_home) == "/srv/Größe und mehr"


@pytest.mark.parametrize("value", ["Production", "prod", "PRODUCTION", "live", "productoin"])
def test_an_environment_that_there_is_not_is_never_taken_for_development(nothing_set, value):
    nothing_set.setenv("ENVIRONMENT", value)

    with pytest.raises(ConfigError, match=r"^ENVIRONMENT: .*'development', 'test', 'staging' or 'production'$"):
        read_settings()


@pytest.mark.parametrize("url", ["https://vendor.example/v1?key=hunter2", "https://vendor.example/#v1"])
def test_a_base_url_ends_with_its_path(nothing_set, url):
    nothing_set.setenv("OPENAI_BASE_URL", url)

    with pytest.raises(ConfigError, match=r"^OPENAI_BASE_URL: must be https://host"):
        read_settings()


def test_what_is_inside_is_left_alone():
    assert cleaned("\ufeff a\u200bb c \n") == "a\u200bb c"
