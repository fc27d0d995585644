"""Perplexity's own library against the sandbox, and what the sandbox refuses as the vendor does."""

import json
import re
from contextlib import suppress

import perplexity
import pytest
import requests
from requests.exceptions import ChunkedEncodingError
from sandbox_client import KEY, READING, reading_request

from senso.sandbox.perplexity.faults import KINDS

SEARCH = {"type": "web_search", "user_location": {"country": "CA", "region": "Ontario"}}
DEMANDED = {"type": "web_search"}
WANTED = {"type": "json_schema", "json_schema": {"name": "answer_reading", "schema": READING, "strict": True}}


@pytest.fixture
def sdk(client):
    with perplexity.Perplexity(api_key="sandbox-key", base_url=f"{client.url}/perplexity", max_retries=0) as sdk:
        yield sdk


def asked(client, **body):
    given = {"model": "perplexity/sonar", "input": "Who?", "tools": [SEARCH], "tool_choice": DEMANDED} | body
    return client.post("/perplexity/v1/agent", given)


def test_the_library_asks_with_a_search_and_gets_the_worlds_answer(sdk, world):
    question = world.questions(world.orgs[0])[2].text

    found = sdk.responses.create(model="perplexity/sonar", input=question, tools=[SEARCH], tool_choice=DEMANDED)

    answer = world.answer(question, "perplexity/sonar", "CA")
    assert [item.type for item in found.output] == ["search_results", "message"]
    assert (found.status, found.model) == ("completed", "senso-sandbox/perplexity/sonar")
    assert [result.url for result in found.output[0].results] == list(dict.fromkeys(one.url for one in answer.sources))
    assert found.output[0].queries == [question]
    assert re.sub(r"\[\d+\]", "", found.output_text) == re.sub(r" ?\(\[[^]]+\]\([^)]+\)\)", "", answer.text)


def test_each_mark_is_the_id_of_a_page_that_the_answer_cites(sdk, world):
    question = world.questions(world.orgs[1])[1].text

    found = sdk.responses.create(model="perplexity/sonar", input=question, tools=[SEARCH], tool_choice=DEMANDED)

    pages = {result.id: result.url for result in found.output[0].results}
    cited = {source.url for source in world.answer(question, "perplexity/sonar", "CA").sources if source.cited}
    assert {pages[int(mark)] for mark in re.findall(r"\[(\d+)\]", found.output_text)} == cited


def test_the_library_reads_what_a_search_and_the_tokens_cost(sdk, world):
    question = world.questions(world.orgs[0])[2].text

    usage = sdk.responses.create(model="perplexity/sonar", input=question, tools=[SEARCH], tool_choice=DEMANDED).usage

    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.tool_calls_details["search_web"].invocation == 1
    parts = usage.cost.input_cost + usage.cost.cache_read_cost + usage.cost.output_cost + usage.cost.tool_calls_cost
    assert usage.cost.total_cost == pytest.approx(parts)


def test_a_search_that_is_offered_and_not_demanded_is_not_made(sdk, world):
    question = world.questions(world.orgs[0])[2].text

    found = sdk.responses.create(model="perplexity/sonar", input=question, tools=[SEARCH])

    assert [item.type for item in found.output] == ["message"]
    assert "http" not in found.output_text
    assert found.usage.tool_calls_details is None


def test_a_preset_searches_by_itself(client):
    found = asked(client, model=None, preset="fast", tools=[], tool_choice=None).json()

    assert [item["type"] for item in found["output"]] == ["search_results", "message"]
    assert found["model"] == "senso-sandbox/openai/gpt-6-luna"


def test_the_library_reads_an_answer_by_a_schema(sdk):
    user = reading_request("1. **Acme** – praised\n2. **Globex** – slow", "Globex")

    found = sdk.responses.create(model="perplexity/sonar", instructions="Read.", input=user, response_format=WANTED)

    reading = json.loads(found.output_text)
    assert (reading["mentioned"], reading["rank"], reading["sentiment"]) == (True, 2, "negative")
    assert [one["name"] for one in reading["competitors"]] == ["Acme"]


def test_the_names_of_an_organisation_are_varied(client):
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["variations"],
        "properties": {"variations": {"type": "array", "items": {"type": "string"}}},
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "name_variations", "schema": schema}}
    user = json.dumps({"organisation": "Summit Savings Bank", "websites": []})

    found = asked(client, input=user, response_format=wanted, tools=[], tool_choice=None).json()

    names = json.loads(found["output"][0]["content"][0]["text"])["variations"]
    assert names == ["Summit Savings Bank", "Summit Savings", "SSB"]


def test_a_quote_in_a_reading_keeps_its_links(client):
    answer = "Acme is known. ([acme.example](https://acme.example/about))"
    found = asked(client, input=reading_request(answer, "Acme"), response_format=WANTED, tools=[], tool_choice=None)

    reading = json.loads(found.json()["output"][0]["content"][0]["text"])
    assert reading["mentioned"] is True
    assert reading["mention_text"] in answer


def test_an_answer_that_was_read_is_in_the_log_without_its_text(client):
    asked(client, input=reading_request("Acme is known.", "Acme"), response_format=WANTED, tools=[], tool_choice=None)

    (call,) = client.control("calls?where=perplexity.reading")
    assert (call["organisation"], call["schema"], call["model"]) == ("Acme", "answer_reading", "perplexity/sonar")
    assert "known" not in json.dumps(call)


def test_the_library_lists_the_models(sdk):
    assert "perplexity/sonar" in [model.id for model in sdk.models.list().data]


@pytest.mark.parametrize(
    ("kind", "error", "type_"),
    [
        ("400", "BadRequestError", "invalid_request"),
        ("401", "AuthenticationError", "invalid_api_key"),
        ("403", "PermissionDeniedError", "chat_completions_not_available"),
        ("429", "RateLimitError", "request_rate_limit_exceeded"),
        ("429-quota", "AuthenticationError", "insufficient_quota"),
        ("429-too-large", "APIStatusError", "payload_too_large"),
        ("500", "InternalServerError", "internal_error"),
        ("502", "InternalServerError", None),
        ("503", "InternalServerError", "service_unavailable"),
        ("504", "InternalServerError", "gateway_timeout"),
    ],
)
def test_the_library_raises_what_it_should(client, sdk, kind, error, type_):
    client.fault("perplexity.agent", kind)

    with pytest.raises(getattr(perplexity, error)) as caught:
        sdk.responses.create(model="perplexity/sonar", input="Who?")

    if type_:
        said = caught.value.body["error"]
        assert (said["type"], said["code"]) == (type_, caught.value.status_code)


def test_a_connection_that_is_cut_is_an_error_of_the_library(client, sdk):
    client.fault("perplexity.agent", "drop")

    with pytest.raises(perplexity.APIConnectionError):
        sdk.responses.create(model="perplexity/sonar", input="Who?")


@pytest.mark.parametrize(
    ("kind", "status", "reason", "usage"),
    [
        ("failed", "failed", None, True),
        ("cancelled", "cancelled", "cancelled", False),
        ("length", "incomplete", "max_output_tokens", True),
    ],
)
def test_a_run_that_failed_comes_with_status_200_and_without_output(client, kind, status, reason, usage):
    client.fault("perplexity.agent", kind)

    reply = asked(client)

    found = reply.json()
    assert (reply.status_code, found["status"], found["output"]) == (200, status, [])
    assert (found["incomplete_details"] or {}).get("reason") == reason
    assert (found["usage"] is not None) is usage
    assert (found["error"] is None) is (kind == "length")


@pytest.mark.parametrize(("place", "kind"), [(place, kind) for place in KINDS for kind in KINDS[place]])
def test_every_fault_strikes_where_it_is_said_to(client, place, kind):
    client.fault(place, kind, seconds=0.01)

    with suppress(requests.ConnectionError, ChunkedEncodingError):  # cut, as asked for
        asked(client, **({"response_format": WANTED} if place == "perplexity.reading" else {}))

    assert [rule["fired"] for rule in client.control("faults")] == [1]


@pytest.mark.parametrize("path", ["chat/completions", "async/chat/completions"])
def test_the_ended_api_says_that_it_has_ended_to_those_with_a_key(client, path):
    reply = client.get(f"/perplexity/{path}")
    unknown = client.get(f"/perplexity/{path}", {})

    assert (reply.status_code, reply.json()["error"]["type"]) == (403, "chat_completions_not_available")
    assert unknown.status_code == 401


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer pplx-real"}, {}])
def test_a_wrong_or_missing_key_is_refused_and_never_repeated(client, headers):
    reply = client.post("/perplexity/v1/agent", {}, headers)

    assert reply.status_code == 401
    assert reply.json()["error"] == {
        "message": "Invalid API key provided. Ensure your API key is correct and active.",
        "type": "invalid_api_key",
        "code": 401,
    }
    assert "pplx-real" not in json.dumps(client.control("calls"))


def test_good_answers_carry_the_vendors_headers(client):
    headers = asked(client).headers

    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(map(str.lower, headers))


def tool(**more):
    return {"tools": [SEARCH | more]}


def wanted(**changed):
    return {"response_format": {"type": "json_schema", "json_schema": WANTED["json_schema"] | changed}}


@pytest.mark.parametrize(
    ("body", "type_", "param", "words"),
    [
        ({"messages": []}, "invalid_request", "messages", 'unknown field "messages"'),
        ({"web_search_options": {}}, "invalid_request", "web_search_options", 'unknown field "web_search_options"'),
        ({"stop": ["x"]}, "invalid_request", "stop", "unknown field"),
        ({"text": {"format": WANTED}}, "invalid_request", "format", 'unknown field "format"'),
        ({"max_output_tokens": "9"}, "invalid_request", "max_output_tokens", "cannot unmarshal"),
        ({"store": 1}, "invalid_request", "store", "cannot unmarshal"),
        ({"temperature": True}, "invalid_request", "temperature", "cannot unmarshal"),
        ({"model": None}, "invalid_request", None, "one of model, models and preset"),
        ({"model": "sonar"}, "invalid_model", None, 'model "sonar" is not supported'),
        ({"model": None, "preset": "quick"}, "invalid_request", None, "preset must be one of"),
        ({"models": ["perplexity/sonar"] * 6}, "invalid_request", None, "at most 5"),
        ({"model": "anthropic/claude-haiku-5-5"}, "invalid_request", None, "max_output_tokens is required"),
        ({"input": ""}, "invalid_request", None, "input cannot be empty"),
        ({"input": [{"role": "robot", "content": "x"}]}, "invalid_request", None, "role must be one of"),
        ({"input": [{"role": "user"}]}, "invalid_request", None, "needs role and content"),
        ({"input": ["Who?"]}, "invalid_request", None, "cannot unmarshal"),
        ({"stream": True}, "invalid_request", None, "neither streams"),
        ({"max_steps": 0}, "invalid_request", None, "max steps must be at least 1"),
        ({"temperature": 3}, "invalid_request", None, "at most 2"),
        ({"reasoning": {"effort": "huge"}}, "invalid_request", None, "reasoning effort must be one of"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "invalid_request", None, "16"),
        (tool(type="browser"), "invalid_request", None, "tools[0]"),
        (tool(country="CA"), "invalid_request", "country", "unknown field"),
        (tool(user_location={"type": "approximate"}), "invalid_request", "type", "unknown field"),
        (tool(user_location={"country": "USA"}), "invalid_request", None, "alpha-2"),
        (tool(search_context_size="huge"), "invalid_request", None, "low medium high"),
        (tool(max_results=51), "invalid_request", None, "between 1 and 50"),
        (tool(filters={"search_recency_filter": "now"}), "invalid_request", None, "hour day week month year"),
        (tool(filters={"search_domain_filter": ["https://a.example"]}), "invalid_search_domain_filter", None, "scheme"),
        ({"tool_choice": "always"}, "invalid_request", None, "tool choice must be one of"),
        ({"tools": []}, "invalid_request", None, "no such tool"),
        ({"response_format": {"type": "regex"}}, "invalid_request", None, "json_schema"),
        ({"response_format": {"type": "json_schema"}}, "invalid_request", None, "json_schema is required"),
        (wanted(name="a b"), "invalid_request", None, "1-64"),
        (wanted(schema={"type": "array"}), "invalid_parameter", None, "root type of 'object'"),
    ],
)
def test_the_sandbox_refuses_what_the_vendor_refuses(client, body, type_, param, words):
    reply = asked(client, **body)

    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["code"], error.get("param")) == (400, type_, 400, param)
    assert words in error["message"]


def test_a_body_that_is_no_json_is_refused(client):
    reply = client.http.post(f"{client.url}/perplexity/v1/agent", data="{", headers=KEY, timeout=5)

    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request")


def test_messages_are_an_input_too(client, world):
    question = world.questions(world.orgs[0])[2].text
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": question}]},
    ]
    asked(client, input=said)

    (call,) = client.control("calls?where=perplexity.agent")
    assert (call["question"], call["country"]) == (question, "CA")
