"""BrightData's own library (brightdata-sdk 2.5.2) against the sandbox: jobs, their records, its error classes."""

import asyncio

import pytest
from brightdata import exceptions
from brightdata.scrapers import api_client, chatgpt, perplexity

V3 = "/brightdata/datasets/v3"
OFTEN = {"poll_interval": 0.01, "poll_timeout": 5}
ENGINES = {
    "chatgpt": ("gd_m7aof0k82r803d5bjm", "https://chatgpt.com/"),
    "perplexity": ("gd_m7dhdot1vw9a7gc1n", "https://www.perplexity.ai"),
    "gemini": ("gd_mbz66arm2mf9cu856y", "https://gemini.google.com/"),
    "google-ai-mode": ("gd_mcswdt6z2elth3zqr2", "https://google.com/aimode"),
    "copilot": ("gd_m7di5jy6s9geokz8w", "https://copilot.microsoft.com/chats"),
}


@pytest.fixture(autouse=True)
def _sandboxed(client, monkeypatch):
    """Its addresses are constants of the class."""
    for name, path in {"TRIGGER_URL": "trigger", "STATUS_URL": "progress", "RESULT_URL": "snapshot"}.items():
        monkeypatch.setattr(api_client.DatasetAPIClient, name, f"{client.url}{V3}/{path}")


@pytest.fixture
def question(world):
    return world.questions(world.orgs[0])[0].text


def run(kind, work, key="sandbox-key"):
    """What `work` does with a scraper of this kind."""

    async def inside():
        async with kind(bearer_token=key) as scraper:
            return await work(scraper)

    return asyncio.run(inside())


def asked(prompt="Who?", **more):
    return run(chatgpt.ChatGPTScraper, lambda scraper: scraper.prompt(prompt, web_search=True, **OFTEN, **more))


def test_a_question_to_chatgpt_gets_the_worlds_answer_with_its_sources(world, question):
    found = asked(question)

    (record,) = found.data
    answer = world.answer(question, "chatgpt", "US")
    assert (found.success, found.row_count) == (True, 1)
    assert record["answer_text_markdown"] == answer.text
    assert [one["url"] for one in record["citations"]] == [one.url for one in answer.sources]
    assert record["input"]["web_search"] is True


def test_several_questions_to_perplexity_are_one_job(world):
    prompts = [question.text for question in world.questions(world.orgs[0])[:3]]

    found = run(
        perplexity.PerplexityScraper,
        lambda scraper: scraper.search(prompts, country=["US", "CA", "GB"], index=[1, 2, 3], **OFTEN),
    )

    assert {record["index"]: record["prompt"] for record in found.data} == dict(enumerate(prompts, start=1))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_answers_in_a_record_of_its_own_shape(world, question, engine):
    dataset_id, url = ENGINES[engine]

    async def work(scraper):
        api = scraper.api_client
        job = await api.trigger([{"url": url, "prompt": question, "country": "US", "index": 1}], dataset_id)
        assert await api.get_status(job) == "ready"
        with pytest.raises(exceptions.DataNotReadyError):
            await api.fetch_result(job)
        return await api.fetch_result(job)

    (record,) = run(chatgpt.ChatGPTScraper, work)
    assert record["answer_text_markdown"] == world.answer(question, engine, "US").text
    assert ("sources" in record) == (engine in {"perplexity", "copilot"})
    assert ("citations" in record) == (engine != "copilot")


@pytest.mark.parametrize("engine", ["perplexity", "gemini", "google-ai-mode", "copilot"])
def test_only_chatgpt_takes_a_permission_to_search(engine):
    dataset_id, url = ENGINES[engine]
    entry = {"url": url, "prompt": "Who?", "web_search": True}

    with pytest.raises(exceptions.APIError, match="not allowed") as caught:
        run(chatgpt.ChatGPTScraper, lambda scraper: scraper.api_client.trigger([entry], dataset_id))

    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("error-records", "timeout", "timeout 30000ms exceeded"),
        ("no-peers", "no_peers", "Unexpected Status 502 (no_peer)"),
        ("crawler-502", "crawl_error", "Unexpected Status 502"),
    ],
)
def test_an_error_of_the_vendors_stands_in_the_place_of_a_record(client, kind, code, words):
    client.fault("brightdata.snapshot", kind)

    (record,) = asked().data

    assert set(record) == {"input", "error", "error_code", "timestamp"}
    assert record["error_code"] == code
    assert words in record["error"]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("true-citations", "citations", True), ("null-queries", "web_search_query", None)],
)
def test_a_field_of_a_record_can_be_odd(client, question, kind, field, value):
    client.fault("brightdata.snapshot", kind)

    (record,) = asked(question).data

    assert record[field] is value


def test_sources_can_be_plain_addresses(client, world, question):
    client.fault("brightdata.snapshot", "plain-addresses")

    (record,) = asked(question).data

    assert record["citations"] == [source.url for source in world.answer(question, "chatgpt", "US").sources]


@pytest.mark.parametrize(
    ("kind", "words"), [("snapshot-empty", "Snapshot is empty"), ("snapshot-expired", "Snapshot is expired")]
)
def test_a_job_that_is_ready_may_have_no_download(client, kind, words):
    client.fault("brightdata.trigger", kind)

    found = asked()

    assert (found.success, found.status) == (False, "error")
    assert f"HTTP 400): {words}" in found.error


def test_a_job_can_fail(client):
    client.fault("brightdata.trigger", "snapshot-failed")

    async def work(scraper):
        job = await scraper.prompt_trigger("Who?")
        await job.wait(timeout=5, poll_interval=0.01)

    with pytest.raises(exceptions.APIError, match="failed with status: failed"):
        run(chatgpt.ChatGPTScraper, work)


def test_a_job_can_work_for_ever(client):
    client.fault("brightdata.trigger", "never-ready")

    async def work(scraper):
        job = await scraper.prompt_trigger("Who?")
        await job.wait(timeout=0.05, poll_interval=0.01)

    with pytest.raises(TimeoutError):
        run(chatgpt.ChatGPTScraper, work)


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("429", 429, "too many running jobs"),
        ("429-quota", 402, "Insufficient balance"),
        ("500", 500, "Internal server error"),
        ("502", 502, "Bad Gateway"),
        ("503", 503, "Service Unavailable"),
    ],
)
def test_a_refused_start_is_an_error_of_the_sdk(client, kind, status, words):
    client.fault("brightdata.trigger", kind)

    with pytest.raises(exceptions.APIError, match=words) as caught:
        run(chatgpt.ChatGPTScraper, lambda scraper: scraper.prompt_trigger("Who?"))

    assert caught.value.status_code == status


@pytest.mark.parametrize("key", ["real-key", "other"])
def test_a_wrong_key_is_an_error_of_the_sdk(key):
    with pytest.raises(exceptions.AuthenticationError, match="Invalid credentials"):
        run(chatgpt.ChatGPTScraper, lambda scraper: scraper.prompt_trigger("Who?"), key)


def test_a_dropped_call_is_an_error_of_the_network(client):
    client.fault("brightdata.trigger", "drop")

    with pytest.raises(exceptions.NetworkError):
        run(chatgpt.ChatGPTScraper, lambda scraper: scraper.prompt_trigger("Who?"))
