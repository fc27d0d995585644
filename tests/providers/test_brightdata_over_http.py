"""BrightData over real HTTP: every engine, every fault of a job, every odd record, and replies that are none."""

import time

import pytest
from test_azure_over_http import reply, serving

from senso.errors import JobFailed, Malformed, Misconfigured, OutsideError, RateLimited, Unavailable
from senso.providers import Answer, Run, Usage
from senso.providers.brightdata import DATA_SETS, BrightData
from senso.sandbox.world import World

KEY = "sandbox-0b6f2a3e"
WORLD = World(7, orgs=3, questions=4)
QUESTION, OTHER = (question.text for question in WORLD.questions(WORLD.orgs[0])[:2])


def run(model="chatgpt", number=7, question=QUESTION):
    return Run(number, question, model, "US")


@pytest.fixture
def vendor(sandbox):
    return BrightData(f"{sandbox.url}/brightdata", KEY)


def collected(vendor, *runs):
    job = vendor.submit(runs)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = vendor.collect(job, runs)
        if found is not None:
            return found
        time.sleep(0.01)
    raise AssertionError("the job was never ready")


@pytest.mark.parametrize("model", DATA_SETS)
def test_every_engine_answers_with_its_sources(vendor, model):
    (answer,) = collected(vendor, run(model))

    truth = WORLD.answer(QUESTION, model, "US")
    assert (answer.text, answer.error, answer.usage) == (truth.text, None, Usage(records=1))
    assert {one.url for one in answer.sources if one.cited} == {one.url for one in truth.sources if one.cited}
    assert answer.searched is True
    assert answer.country == (None if model == "perplexity" else "US")


@pytest.mark.parametrize("model", ["chatgpt", "perplexity"])
def test_engines_that_say_what_they_searched_for_are_asked(vendor, model):
    (answer,) = collected(vendor, run(model))

    assert len(answer.queries) == 1


@pytest.mark.parametrize("model", ["chatgpt", "perplexity", "gemini"])
def test_offered_pages_are_told_from_cited_ones(vendor, model):
    (answer,) = collected(vendor, run(model))

    cited, offered = (
        {one.url for one in WORLD.answer(QUESTION, model, "US").sources if one.cited is wanted}
        for wanted in (True, False)
    )
    assert {one.url for one in answer.sources if one.cited} == cited
    assert {one.url for one in answer.sources if not one.cited} == offered - cited


@pytest.mark.parametrize(
    ("kind", "words"), [("snapshot-empty", "Snapshot is empty"), ("snapshot-expired", "Snapshot is expired")]
)
def test_a_job_that_is_ready_and_has_no_download_has_failed(sandbox, vendor, kind, words):
    sandbox.fault("brightdata.trigger", kind)

    with pytest.raises(JobFailed) as caught:
        collected(vendor, run())

    assert (caught.value.reason, caught.value.status) == (words, 400)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("error-records", "timeout: Crawler error: waiting for selector ... timeout 30000ms exceeded"),
        ("no-peers", "no_peers: Crawler error: Unexpected Status 502 (no_peer)"),
        ("crawler-502", "crawl_error: Crawler error: Unexpected Status 502"),
    ],
)
def test_a_failure_of_the_vendors_is_one_runs_and_free(sandbox, vendor, kind, error):
    sandbox.fault("brightdata.trigger", kind, match=OTHER)

    mine, failed = collected(vendor, run(), run(number=8, question=OTHER))

    assert mine.text
    assert failed == Answer(8, error=error, usage=Usage(records=0))


@pytest.mark.parametrize("model", DATA_SETS)
@pytest.mark.parametrize("kind", ["true-citations", "null-citations", "plain-addresses", "null-queries"])
def test_an_odd_record_costs_neither_its_own_text_nor_the_others(sandbox, vendor, model, kind):
    sandbox.fault("brightdata.trigger", kind, match=OTHER)

    mine, odd = collected(vendor, run(model), run(model, 8, OTHER))

    assert mine.sources
    assert odd.text == WORLD.answer(OTHER, model, "US").text
    assert kind != "plain-addresses" or [source.title for source in odd.sources] == [None] * len(odd.sources)


@pytest.mark.parametrize("model", ["chatgpt", "perplexity", "google-ai-mode", "copilot"])
def test_plain_addresses_count(sandbox, vendor, model):
    sandbox.fault("brightdata.trigger", "plain-addresses")

    (answer,) = collected(vendor, run(model))

    assert {one.url for one in answer.sources if one.cited} >= {
        one.url for one in WORLD.answer(QUESTION, model, "US").sources if one.cited
    }


READY = {"status": "ready"}
RECORD = {"answer_text_markdown": "Bank A leads.", "index": 7}


@pytest.mark.parametrize(
    ("told", "expected", "status", "seconds", "words"),
    [
        (reply([RECORD], length=5_000), Unavailable, None, None, "the connection failed"),
        (reply('[{"index": 7'), Malformed, 200, None, "not JSON"),
        (reply("<html>Sign in</html>", kind="text/html"), Malformed, 200, None, "not JSON"),
        (reply("Snapshot is empty", status=400, kind="text/plain"), JobFailed, 400, None, "Snapshot is empty"),
        (reply("Snapshot does not exist", status=404), JobFailed, 404, None, "does not exist"),
        (reply("Insufficient balance", status=402), Misconfigured, 402, None, "Insufficient balance"),
        (reply("", status=429, headers=[("Retry-After", "7")]), RateLimited, 429, 7, "no reason given"),
        (reply("", status=503), Unavailable, 503, None, "no reason given"),
    ],
)
def test_a_download_that_is_none_becomes_one_of_our_errors(told, expected, status, seconds, words):
    with serving(reply(READY), told, made=BrightData) as vendor, pytest.raises(OutsideError, match=words) as caught:
        vendor.collect("s_1", [run()])

    assert (type(caught.value), caught.value.status) == (expected, status)
    assert getattr(caught.value, "retry_after_seconds", None) == seconds


def test_a_download_of_a_megabyte_is_read():
    text = "Bank A leads.\n" * 75_000

    with serving(reply(READY), reply([RECORD | {"answer_text_markdown": text}]), made=BrightData) as vendor:
        (answer,) = vendor.collect("s_1", [run()])

    assert answer.text == text.strip()


def test_a_download_is_read_whatever_its_content_type():
    with serving(reply(READY), reply([RECORD], kind="text/plain"), made=BrightData) as vendor:
        (answer,) = vendor.collect("s_1", [run()])

    assert answer.text == "Bank A leads."
