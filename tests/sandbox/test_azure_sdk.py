"""OpenAI's own library against the sandbox's Azure: its client for Azure at the classic URLs, its plain one at v1."""

import json
import re
from contextlib import suppress

import openai
import pytest
from pydantic import BaseModel
from sandbox_client import reading_request

from senso.sandbox.azure.faults import KINDS

VERSION = "2025-04-01-preview"
SAID = [{"role": "user", "content": "Who?"}]


class Competitor(BaseModel):
    name: str


class answer_reading(BaseModel):  # noqa: N801 - the SDK names the schema after the class
    mentioned: bool
    mention_text: str | None
    sentiment: str | None
    rank: int | None
    competitors: list[Competitor]


@pytest.fixture(params=["classic", "v1"])
def sdk(client, request):
    if request.param == "classic":
        made = openai.AzureOpenAI(
            api_key="sandbox-key", azure_endpoint=f"{client.url}/azure", api_version=VERSION, max_retries=0
        )
    else:
        made = openai.OpenAI(api_key="sandbox-key", base_url=f"{client.url}/azure/openai/v1", max_retries=0)
    with made as sdk:
        yield sdk


@pytest.fixture
def azure(client):
    with openai.AzureOpenAI(
        api_key="sandbox-key", azure_endpoint=f"{client.url}/azure", api_version=VERSION, max_retries=0
    ) as sdk:
        yield sdk


def test_the_sdk_asks_with_a_search_and_gets_the_worlds_answer_with_its_sources(sdk, world):
    question = world.questions(world.orgs[0])[2].text
    place = {"type": "approximate", "country": "CA", "region": "Ontario"}

    found = sdk.responses.create(
        model="gpt-4.1", input=question, tools=[{"type": "web_search", "user_location": place}], store=False
    )

    answer = world.answer(question, "gpt-4.1", "CA")
    notes = found.output[-1].content[0].annotations
    assert (found.output_text, found.status) == (answer.text, "completed")
    assert sorted(note.url for note in notes) == sorted(source.url for source in answer.sources if source.cited)
    for note in notes:
        assert re.search(re.escape(f"({note.url}))") + "$", found.output_text[note.start_index : note.end_index])
    assert [one["source_type"] for one in found.content_filters] == ["prompt", "completion"]


def test_the_sdk_parses_a_reading_beside_the_results_of_the_filter(sdk):
    user = reading_request("1. **Acme** – praised\n2. **Globex** – slow", "Globex")

    found = sdk.chat.completions.parse(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": user}], response_format=answer_reading
    )

    reading = found.choices[0].message.parsed
    assert (reading.mentioned, reading.rank, [one.name for one in reading.competitors]) == (True, 2, ["Acme"])
    assert found.choices[0].content_filter_results["hate"] == {"filtered": False, "severity": "safe"}
    assert found.prompt_filter_results[0]["prompt_index"] == 0


def test_a_deployment_stands_for_its_model(sdk):
    found = sdk.chat.completions.create(model="our-answers", messages=SAID)

    assert found.model == "senso-sandbox/gpt-4.1-2025-04-14"


@pytest.mark.parametrize("where", ["responses", "chat"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("401", ("AuthenticationError", "401")),
        ("410", ("APIStatusError", "ModelRetired")),
        ("429", ("RateLimitError", "429")),
        ("429-quota", ("RateLimitError", "insufficient_quota")),
        ("429-too-large", ("BadRequestError", "context_length_exceeded")),
        ("500", ("InternalServerError", "server_error")),
        ("503", ("InternalServerError", "ServiceUnavailable")),
        ("content-filter", ("BadRequestError", "content_filter")),
        ("content-filter-bare", ("BadRequestError", "content_filter")),
    ],
)
def test_the_sdk_raises_what_it_should(client, azure, where, kind, expected):
    client.fault(f"azure.{where}", kind, retry_after=2)

    with pytest.raises(openai.APIStatusError) as caught:
        called(azure, where)

    assert (type(caught.value).__name__, caught.value.code) == expected
    assert caught.value.response.headers.get("retry-after") == ("2" if kind in {"429", "503"} else None)
    assert ("innererror" in caught.value.body) == (kind == "content-filter")


@pytest.mark.parametrize(("place", "kind"), [(place, kind) for place in KINDS for kind in KINDS[place]])
def test_every_fault_strikes_where_it_is_said_to(client, azure, place, kind):
    client.fault(place, kind, seconds=0.01)

    with suppress(openai.OpenAIError, json.JSONDecodeError, AttributeError):  # its library takes a page for a list
        called(azure, place.removeprefix("azure."))

    assert [rule["fired"] for rule in client.control("faults")] == [1]
    assert [call["fault"] for call in client.control(f"calls?where={place}")] == [kind]


def called(sdk, where, model="gpt-4.1"):
    if where == "models":
        return sdk.models.list()
    if where == "responses":
        return sdk.responses.create(model=model, input="Who?")
    return sdk.chat.completions.create(model=model, messages=SAID)


def test_a_rate_limit_without_a_header_says_in_words_when_to_come_back(client, azure):
    client.fault("azure.chat", "429")

    with pytest.raises(openai.RateLimitError, match="retry after 33 seconds") as caught:
        called(azure, "chat")

    assert "retry-after" not in caught.value.response.headers


@pytest.mark.parametrize("where", ["responses", "chat"])
def test_a_missing_deployment_is_a_404_and_at_v1_a_400(sdk, where):
    with pytest.raises(openai.APIStatusError) as caught:
        called(sdk, where, "none")

    expected = (404, "DeploymentNotFound") if isinstance(sdk, openai.AzureOpenAI) else (400, "unknown_model")
    assert (caught.value.status_code, caught.value.code) == expected


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [("filtered", "incomplete", "content_filter"), ("length", "incomplete", "max_output_tokens")],
)
def test_an_answer_can_be_cut_off(client, sdk, kind, status, reason):
    client.fault("azure.responses", kind)
    found = called(sdk, "responses")

    assert (found.status, found.incomplete_details.reason) == (status, reason)


def test_an_answer_can_fail_under_status_200(client, sdk):
    client.fault("azure.responses", "failed")
    found = called(sdk, "responses")

    assert (found.status, found.error.code, found.output) == ("failed", "server_error", [])


def test_a_filtered_completion_is_an_error_of_the_sdk(client, sdk):
    client.fault("azure.chat", "filtered")

    with pytest.raises(openai.ContentFilterFinishReasonError):
        sdk.chat.completions.parse(model="gpt-4.1", messages=SAID, response_format=answer_reading)


def test_an_answer_can_come_in_messages(client, sdk):
    client.fault("azure.responses", "two-messages")
    found = called(sdk, "responses")

    assert [getattr(item, "phase", None) for item in found.output] == ["commentary", None, None]
    assert found.output_text.startswith("I will look this up.Here is what I found")


def test_a_part_of_an_answer_can_be_null(client):
    client.fault("azure.responses", "null-text")
    found = client.post("/azure/openai/v1/responses", {"model": "gpt-4.1", "input": "Who?"}).json()

    assert [part["text"] is None for part in found["output"][-1]["content"]] == [True, False]


def test_the_models_are_listed_with_the_time_of_their_retirement(sdk):
    found = {one.id: one for one in sdk.models.list()}

    assert found["gpt-4.1-2025-04-14"].deprecation == {"inference": 1_807_660_800}


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/azure/openai/v1/responses", {}, 401, "401"),
        ("/azure/openai/v1/responses", {"api-key": "real-key"}, 401, "401"),
        ("/azure/openai/v1/models", {"api-key": "real-key"}, 401, "401"),
        ("/azure/openai/v1/responses?api-version=2025-01-01", {"api-key": "sandbox-key"}, 400, "BadRequest"),
        ("/azure/openai/responses", {"api-key": "sandbox-key"}, 404, "404"),
        ("/azure/openai/deployments/gpt-4.1/chat/completions", {"api-key": "sandbox-key"}, 404, "404"),
        ("/azure/openai/v1/responses", {"api-key": "sandbox-key"}, 400, None),
    ],
)
def test_what_azure_refuses_is_refused(client, path, headers, status, code):
    given = client.get(path, headers) if path.endswith("models") else client.post(path, {"input": "Who?"}, headers)

    assert (given.status_code, given.json()["error"]["code"]) == (status, code)
    assert "real-key" not in given.text + json.dumps(client.control("calls"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/azure/openai/v1/responses", {"model": "gpt-4.1", "input": "Who?", "surprise": 1}),
        ("/azure/openai/v1/responses", {"model": "gpt-4.1", "messages": []}),
        ("/azure/openai/v1/chat/completions", {"model": "gpt-4.1", "messages": [], "response_format": {}}),
        ("/azure/openai/v1/chat/completions", {"model": "gpt-5-mini", "messages": SAID, "temperature": 0}),
    ],
)
def test_what_openai_refuses_is_refused_here_too(client, path, body):
    given = client.post(path, body, {"api-key": "sandbox-key"})

    assert (given.status_code, given.json()["error"]["type"]) == (400, "invalid_request_error")


def test_good_answers_carry_azures_headers(client):
    headers = client.post("/azure/openai/v1/responses", {"model": "our-answers", "input": "Who?"}).headers

    assert headers["x-ms-deployment-name"] == "our-answers"
    assert headers["x-ratelimit-remaining-tokens"].isdigit()
