"""Every provider, every case, over real HTTP: an Answer, or the error class that says what to do next."""

import time

import pytest

from senso.errors import ConfigError, CutOff, JobFailed, Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import request
from senso.providers import Answer, Prompt, Run
from senso.providers.brightdata import BrightData
from senso.providers.openai import OpenAI

QUESTION = "Which lender is best for a first car loan?"
KEY = "sandbox-0b6f2a3e"  # every key that starts so is right
PROVIDERS = {
    "openai": (OpenAI, "/openai/v1", Run(7, QUESTION, "gpt-4.1", "US"), "openai.responses"),
    "brightdata": (BrightData, "/brightdata", Run(7, QUESTION, "chatgpt", "US"), "brightdata.trigger"),
}
TWICE = {"retry_after": 2}
ERRORS = [
    # provider, fault, its options: class, status, seconds to wait, words
    ("openai", "429", TWICE, (RateLimited, 429, 2, "Rate limit reached")),
    ("openai", "429", {}, (RateLimited, 429, 0.174, "Rate limit reached")),
    ("openai", "429-quota", {}, (Misconfigured, 429, None, "exceeded your current quota")),
    ("openai", "429-too-large", {}, (Refused, 429, None, "Request too large")),
    ("openai", "500", {}, (Unavailable, 500, None, "server had an error")),
    ("openai", "502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("openai", "503", TWICE, (Unavailable, 503, 2, "overloaded")),
    ("openai", "401", {}, (Misconfigured, 401, None, "the key in OPENAI_API_KEY was not accepted")),
    ("openai", "hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
    ("openai", "drop", {}, (Unavailable, None, None, "the connection failed")),
    ("openai", "refusal", {}, (Refused, None, None, "the model refused to answer")),
    ("openai", "length", {}, (CutOff, None, None, "incomplete: max_output_tokens")),
    ("openai", "empty", {}, (Malformed, None, None, "the answer is empty")),
    ("openai", "malformed", {}, (Malformed, 200, None, "not JSON")),
    ("brightdata", "429", TWICE, (RateLimited, 429, 2, "too many running jobs")),
    ("brightdata", "429", {}, (RateLimited, 429, None, "too many running jobs")),
    ("brightdata", "429-quota", {}, (Misconfigured, 402, None, "Insufficient balance")),
    ("brightdata", "500", {}, (Unavailable, 500, None, "Internal server error")),
    ("brightdata", "502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("brightdata", "503", TWICE, (Unavailable, 503, 2, "Service Unavailable")),
    ("brightdata", "401", {}, (Misconfigured, 401, None, "the key in BRIGHTDATA_API_KEY was not accepted")),
    ("brightdata", "hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
    ("brightdata", "drop", {}, (Unavailable, None, None, "the connection failed")),
    ("brightdata", "drop-after", {}, (Unavailable, None, None, "the connection failed")),
    ("brightdata", "snapshot-failed", {}, (JobFailed, None, None, "Failed to trigger collector")),
    ("brightdata", "malformed", {}, (Malformed, 200, None, "not JSON")),
]
LATER = [
    ("500", Unavailable, 500),
    ("429", RateLimited, 429),
    ("401", Misconfigured, 401),
    ("drop", Unavailable, None),
    ("hang", Unavailable, None),
    ("malformed", Malformed, 200),
]
PROMPT = Prompt(
    "Read.",
    "A text.",
    "reading",
    {
        "type": "object",
        "properties": {"mentioned": {"type": "boolean"}},
        "required": ["mentioned"],
        "additionalProperties": False,
    },
)


def made(name, sandbox, key=KEY):
    kind, path, run, where = PROVIDERS[name]
    return kind(sandbox.url + path, key), run, where


def asked(vendor, run):
    """As the workflow asks: at once, or handed over and then looked at until there is an answer."""
    if hasattr(vendor, "ask"):
        return wait_for(vendor.ask(run))
    job = vendor.submit([run])
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = vendor.collect(job, [run])
        if found is not None:
            (answer,) = found
            return answer
        time.sleep(0.01)
    raise AssertionError("the job was never ready")


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_question_gets_its_answer(sandbox, name):
    vendor, run, _ = made(name, sandbox)

    answer = asked(vendor, run)

    assert (type(answer), answer.number, answer.error) == (Answer, 7, None)
    assert answer.text
    assert answer.model_version
    assert answer.searched in {True, False}
    assert answer.usage.records if name == "brightdata" else answer.usage.tokens_in


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("name", "kind", "options", "expected"), ERRORS)
def test_a_fault_becomes_the_error_that_says_what_to_do(sandbox, name, kind, options, expected):
    error, status, seconds, words = expected
    vendor, run, where = made(name, sandbox)
    sandbox.fault(where, kind, **options)

    with pytest.raises(error) as caught:
        asked(vendor, run)

    found = caught.value
    assert type(found) is error
    assert (found.service, found.status) == (name, status)
    assert getattr(found, "retry_after_seconds", None) == pytest.approx(seconds)
    assert words in found.reason
    assert KEY not in f"{found} {found!r} {found.reason}"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("place", ["brightdata.progress", "brightdata.snapshot"])
@pytest.mark.parametrize(("kind", "error", "status"), LATER)
def test_a_fault_while_a_job_is_looked_at_is_no_other(sandbox, place, kind, error, status):
    vendor, run, _ = made("brightdata", sandbox)
    sandbox.fault(place, kind, seconds=1)

    with pytest.raises(error) as caught:
        asked(vendor, run)

    assert (type(caught.value), caught.value.service, caught.value.status) == (error, "brightdata", status)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("error-records", "timeout: Crawler error"),
        ("empty", "the answer is empty"),
        ("echo-prompt", "the question came back as its own answer"),
    ],
)
def test_a_record_that_is_no_answer_is_one_runs_fault_and_not_the_jobs(sandbox, kind, words):
    vendor, run, where = made("brightdata", sandbox)
    sandbox.fault(where, kind)

    answer = asked(vendor, run)

    assert (answer.number, answer.text) == (7, None)
    assert words in answer.error


def test_a_record_that_is_missing_is_said_of_its_run_alone(sandbox):
    vendor, run, where = made("brightdata", sandbox)
    other = Run(8, "Which lender is best for a kitchen loan?", "chatgpt", "US")
    sandbox.fault(where, "missing-records", match="kitchen")

    job = vendor.submit([run, other])
    assert vendor.collect(job, [run, other]) is None  # ready, and still building
    mine, missing = vendor.collect(job, [run, other])

    assert mine.text
    assert missing == Answer(8, error="no record came back for this question")


@pytest.mark.parametrize("kind", ["null-index", "null-citations", "wrong-country"])
def test_an_odd_record_is_still_an_answer(sandbox, kind):
    vendor, run, where = made("brightdata", sandbox)
    sandbox.fault(where, kind)

    assert asked(vendor, run).text


@pytest.mark.parametrize("kind", ["never-ready", "unknown-status"])
def test_a_job_that_works_is_waited_for(sandbox, kind):
    sandbox.timing(snapshot_seconds=60)
    vendor, run, where = made("brightdata", sandbox)
    sandbox.fault(where, kind)

    assert vendor.collect(vendor.submit([run]), [run]) is None


def test_a_job_can_be_cancelled_once_and_again(sandbox):
    sandbox.timing(snapshot_seconds=60)
    vendor, run, _ = made("brightdata", sandbox)
    job = vendor.submit([run])

    vendor.cancel(job)
    vendor.cancel(job)

    with pytest.raises(Refused, match="the snapshot is canceled"):
        vendor.collect(job, [run])


def test_a_job_that_there_is_not_can_be_cancelled(sandbox):
    vendor, _, _ = made("brightdata", sandbox)

    assert vendor.cancel("none") is None


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("429", RateLimited, 429),
        ("429-quota", Misconfigured, 429),
        ("500", Unavailable, 500),
        ("401", Misconfigured, 401),
        ("hang", Unavailable, None),
        ("drop", Unavailable, None),
        ("refusal", Refused, None),
        ("length", CutOff, None),
        ("empty", CutOff, None),
    ],
)
def test_reading_an_answer_fails_in_the_same_words(sandbox, impatient, kind, error, status):
    vendor, _, _ = made("openai", sandbox)
    sandbox.fault("openai.chat", kind, seconds=1)

    with pytest.raises(error) as caught:
        wait_for(vendor.complete(PROMPT, "gpt-4.1-mini"))

    assert (type(caught.value), caught.value.service, caught.value.status) == (error, "openai", status)
    assert KEY not in str(caught.value)


def test_structured_output_comes_back_as_it_was_said(sandbox):
    vendor, _, _ = made("openai", sandbox)

    completion = wait_for(vendor.complete(PROMPT, "gpt-4.1-mini"))

    assert completion.content.startswith('{"mentioned": ')
    assert completion.model_version == "senso-sandbox/gpt-4.1-mini-2025-04-14"


@pytest.mark.parametrize("kind", ["refusal", "length", "empty"])
def test_what_was_billed_for_nothing_is_known(sandbox, kind):
    vendor, run, where = made("openai", sandbox)
    sandbox.fault(where, kind)

    with pytest.raises((Refused, Malformed)) as caught:
        asked(vendor, run)

    assert caught.value.usage.tokens_in


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("key", ["wrong-0b6f2a3e", "wrong-0b6f2a3e\n", "wrong-0b6f2a3\u2026"])
def test_a_wrong_key_is_never_repeated(sandbox, name, key):
    vendor, run, _ = made(name, sandbox, key)

    with pytest.raises((Refused, ConfigError)) as caught:
        asked(vendor, run)

    assert "0b6f2a3" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_address_that_is_none_is_a_mistake_of_configuration(name):
    kind, _, run, _ = PROVIDERS[name]

    with pytest.raises(ConfigError, match=f"{name}: its base URL"):
        asked(kind("vendor.example", KEY), run)


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a quarter of a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 0.25)
    monkeypatch.setattr("senso.providers.brightdata.client.LONG_SECONDS", 0.25)
