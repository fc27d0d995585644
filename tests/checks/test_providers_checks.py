"""Keys: set or not, and, asked online, accepted or not; against the stand-in for both vendors."""

import socket

import pytest

from senso.checks import providers
from senso.settings import settings

NAMES = ("OPENAI_API_KEY", "BRIGHTDATA_API_KEY")


@pytest.fixture
def key(environment, sandbox):
    """`key(NAME, "value")`: sets it, or takes it away."""

    def put(name, value):
        environment.setenv(name, value)
        settings.cache_clear()

    return put


def found(name, *, online=True):
    return {one.name: one for one in providers.findings(settings(), online=online)}[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_its_vendor_accepts_is_said_to_be(sandbox, name):
    assert (found(name).state, found(name).said) == ("ok", "accepted")


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_its_vendor_refuses_is_a_wrong_setting(key, name):
    key(name, "wrong-key-hunter2")

    refused = found(name)
    assert (refused.state, refused.reachable) == ("fault", True)
    assert refused.said.startswith("not accepted by its vendor (401)")
    assert "senso retry" in refused.do
    assert "hunter2" not in refused.line


@pytest.mark.parametrize("name", NAMES)
def test_a_vendor_that_does_not_answer_passes_by_itself(environment, name):
    assert (found(name).state, found(name).reachable) == ("fault", False)


@pytest.mark.parametrize("name", NAMES)
def test_an_address_at_which_nobody_listens_is_said_with_it(key, name):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    key(name.replace("API_KEY", "BASE_URL"), f"http://127.0.0.1:{port}/v1")

    asked = found(name)
    assert f"connection refused at 127.0.0.1:{port}, nobody listens there" in asked.said
    assert (asked.state, asked.reachable) == ("fault", False)


def test_a_host_that_there_is_not_is_named(key):
    key("OPENAI_BASE_URL", "http://nowhere.invalid/v1")

    assert "no such host: nowhere.invalid" in found("OPENAI_API_KEY").said


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_asked_offline(sandbox, name):
    assert found(name, online=False).said == "set"
    assert sandbox.calls() == []


def test_to_ask_costs_nothing(sandbox):
    providers.findings(settings(), online=True)

    vendors = ("anthropic", "azure", "gemini", "openai", "perplexity")
    free = {*(f"{vendor}.models" for vendor in vendors), "brightdata.snapshots", "linkup.balance"}
    assert {call["where"] for call in sandbox.calls()} == free


def test_the_key_of_whoever_reads_is_missed_more_than_others(key, make):
    for name in NAMES:
        key(name, "")
    make.sql("UPDATE models SET provider = 'brightdata', slug = 'reader' WHERE slug = 'gpt-5.1'")
    key("READING_MODELS", "reader")
    key("NAMES_MODEL", "reader")

    assert [found(name).state for name in NAMES] == ["note", "warning"]
    assert "nothing can be triggered" in found("BRIGHTDATA_API_KEY").why


@pytest.mark.parametrize(("name", "state"), [("OPENAI_API_KEY", "warning"), ("BRIGHTDATA_API_KEY", "note")])
def test_what_goes_without_a_key_is_said(key, name, state):
    key(name, "")

    assert (found(name).state, found(name).said) == (state, "not set")
    assert found(name).why
