import json
import re

import openai
import pytest
from pydantic import BaseModel
from sandbox_client import KEY, READING, reading_request


class Competitor(BaseModel):
    name: str


class answer_reading(BaseModel):  # noqa: N801 - the SDK names the schema after the class
    mentioned: bool
    mention_text: str | None
    sentiment: str | None
    rank: int | None
    competitors: list[Competitor]


@pytest.fixture
def sdk(client):
    with openai.OpenAI(api_key="sandbox-key", base_url=f"{client.url}/openai/v1", max_retries=0) as sdk:
        yield sdk


def test_the_sdk_asks_with_a_search_and_gets_the_worlds_answer(sdk, world):
    question = world.questions(world.orgs[0])[2].text
    place = {"type": "approximate", "country": "CA", "region": "Ontario"}

    found = sdk.responses.create(
        model="gpt-4.1",
        instructions="Be brief.",
        input=question,
        tools=[{"type": "web_search", "user_location": place}],
    )

    assert found.output_text == world.answer(question, "gpt-4.1", "CA").text
    assert [item.type for item in found.output] == ["web_search_call", "message"]
    assert (found.status, found.model) == ("completed", "senso-sandbox/gpt-4.1-2025-04-14")
    assert found.tools[0].user_location.country == "CA"
    assert found.usage.total_tokens == found.usage.input_tokens + found.usage.output_tokens


def test_each_citation_spans_its_inline_link(sdk, world):
    question = world.questions(world.orgs[1])[1].text

    found = sdk.responses.create(
        model="gpt-4o", input=[{"role": "user", "content": question}], tools=[{"type": "web_search"}]
    )

    notes = found.output[-1].content[0].annotations
    cited = [source.url for source in world.answer(question, "gpt-4o", "").sources if source.cited]
    assert sorted(note.url for note in notes) == sorted(cited)
    for note in notes:
        assert re.fullmatch(
            rf"\(\[[^\]]+\]\({re.escape(note.url)}\)\)", found.output_text[note.start_index : note.end_index]
        )


def test_sources_come_only_when_they_are_asked_for(client, world):
    question = world.questions(world.orgs[0])[0].text
    with_them = client.responses(input=question, include=["web_search_call.action.sources"]).json()
    without = client.responses(input=question).json()

    assert with_them["output"][0]["action"]["sources"]
    assert "sources" not in without["output"][0]["action"]


def test_without_a_search_there_are_no_links(client, world):
    found = client.responses(input=world.questions(world.orgs[0])[0].text, tools=[]).json()

    assert [item["type"] for item in found["output"]] == ["message"]
    assert "http" not in found["output"][0]["content"][0]["text"]


def test_a_reasoning_model_thinks_before_it_searches(client):
    types = [item["type"] for item in client.responses(model="gpt-5.1").json()["output"]]

    assert types == ["reasoning", "web_search_call", "message"]


def test_the_sdk_parses_a_reading(sdk):
    user = reading_request("1. **Acme** – praised\n2. **Globex** – slow", "Globex")

    found = sdk.chat.completions.parse(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": user}], response_format=answer_reading
    )

    reading = found.choices[0].message.parsed
    assert (reading.mentioned, reading.rank, reading.sentiment) == (True, 2, "negative")
    assert [one.name for one in reading.competitors] == ["Acme"]
    assert found.model == "senso-sandbox/gpt-4.1-mini-2025-04-14"


def test_the_names_of_an_organisation_are_varied(client):
    schema = {"type": "object", "additionalProperties": False, "required": ["variations"], "properties": {"variations": {"type": "array", "items": {"type": "string"}}}}  # fmt: skip # noqa: E501
    user = json.dumps({"organisation": "Summit Savings Bank", "websites": []})

    found = client.chat(user, name="name_variations", schema=schema).json()

    assert json.loads(found["choices"][0]["message"]["content"]) == {
        "variations": ["Summit Savings Bank", "Summit Savings", "SSB"]
    }


def test_a_reading_is_served_through_responses_as_well(client):
    wanted = {"type": "json_schema", "name": "answer_reading", "strict": True, "schema": READING}
    found = client.responses(input=reading_request("Acme is known.", "Acme"), tools=[], text={"format": wanted}).json()

    assert json.loads(found["output"][0]["content"][0]["text"])["mentioned"] is True


def test_an_unknown_schema_is_filled_with_blanks(client):
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {"a": {"type": "integer"}},
    }

    assert client.chat(name="other", schema=schema).json()["choices"][0]["message"]["content"] == '{"a": 0}'


def test_good_answers_carry_the_vendors_headers(client):
    headers = client.responses().headers

    assert headers["x-request-id"].startswith("req_")
    assert {"openai-processing-ms", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests"} <= set(
        map(str.lower, headers)
    )


@pytest.mark.parametrize(("characters", "cached"), [(2000, 0), (8000, 1408)])
def test_long_prompts_are_partly_cached(client, characters, cached):
    usage = client.chat("x" * characters).json()["usage"]

    assert usage["prompt_tokens_details"]["cached_tokens"] == cached
    assert abs(usage["prompt_tokens"] - characters / 4) < 10


def test_a_token_limit_cuts_both_kinds_of_answer(client, world):
    question = world.questions(world.orgs[0])[0].text
    response = client.responses(input=question, max_output_tokens=20).json()
    chat = client.chat(reading_request("Acme.", "Acme"), max_completion_tokens=5).json()

    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert chat["choices"][0]["finish_reason"] == "length"


def wanted(schema=READING, name="answer_reading"):
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def search(**more):
    return {"tools": [{"type": "web_search"} | more]}


def structured(**changed):
    """A request for JSON with one thing about it that is not allowed."""
    schema = {name: value for name, value in (READING | changed).items() if value is not None}
    return {"response_format": wanted(schema)}


def text_format(**changed):
    return {"text": {"format": {"type": "json_schema", "name": "a", "strict": True} | changed}}


PLACE = {"type": "approximate", "country": "US"}
MESSAGE = [{"role": "user", "content": "Hello"}]
LOOSE = {"type": "object", "properties": {}, "required": []}
WITH_DEFAULT = {"a": {"type": "string", "default": "x"}}


@pytest.mark.parametrize(
    ("body", "param", "code", "words"),
    [
        ({"model": "gpt-9"}, "model", "model_not_found", "The requested model 'gpt-9' does not exist."),
        ({"model": None}, None, None, "you must provide a model parameter"),
        ({"input": None}, "input", "missing_required_parameter", "Missing required parameter"),
        ({"response_format": {}}, "response_format", "unsupported_parameter", "has moved to 'text.format'"),
        ({"max_tokens": 5}, "max_tokens", "unsupported_parameter", "moved"),
        ({"messages": MESSAGE}, "messages", "unsupported_parameter", "moved to 'input'"),
        ({"surprise": 1}, "surprise", "unknown_parameter", "Unknown parameter: 'surprise'."),
        (search(type="browser"), "tools[0].type", "invalid_value", "Invalid value"),
        (search(depth=1), "tools[0].depth", "unknown_parameter", "Unknown"),
        (search(search_context_size="huge"), "tools[0].search_context_size", "invalid_value", "low"),
        (search(user_location={}), "tools[0].user_location.type", "invalid_value", "approximate"),
        (search(user_location=PLACE | {"country": "USA"}), "tools[0].user_location.country", "invalid_value", "letter"),
        (
            search(user_location={"type": "approximate", "approximate": {"country": "US"}}),
            "tools[0].user_location.approximate",
            "unknown_parameter",
            "Unknown parameter",
        ),
        ({"model": "gpt-4.1-nano"}, "tools", None, "not supported with gpt-4.1-nano"),
        ({"model": "gpt-5-mini", "temperature": 0.1}, "temperature", "unsupported_parameter", "not supported"),
        ({"include": ["everything"]}, "include", "invalid_value", "Supported values"),
        ({"stream": True}, "stream", "unsupported_value", "stream"),
        (text_format(schema=LOOSE), "text.format.schema", "invalid_json_schema", "additionalProperties"),
        (text_format(), "text.format.schema", "missing_required_parameter", "Missing"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value", "xml"),
    ],
)
def test_responses_refuses_what_the_real_one_refuses(client, body, param, code, words):
    reply = client.responses(**body)

    error = reply.json()["error"]
    assert (reply.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]


@pytest.mark.parametrize(
    ("body", "param", "code", "words"),
    [
        ({"messages": None}, "messages", "missing_required_parameter", "Missing required parameter: 'messages'."),
        ({"messages": []}, "messages", "empty_array", "empty array"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role", "invalid_value", "Invalid value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter", "Missing"),
        ({"input": "x"}, "input", "unknown_parameter", "Unknown parameter: 'input'."),
        ({"web_search_options": {}}, "web_search_options", None, "Web search options not supported with this model."),
        ({"model": "gpt-5-mini", "max_tokens": 9}, "max_tokens", "unsupported_parameter", "'max_completion_tokens'"),
        ({"model": "gpt-5-mini", "stop": ["x"]}, "stop", "unsupported_parameter", "'stop' is not supported with this"),
        ({"model": "gpt-5.1", "temperature": 0.1}, "temperature", "unsupported_value", "Only the default (1)"),
        ({"stream": True}, "stream", "unsupported_value", "stream"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value", "xml"),
        (
            {"response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            "missing_required_parameter",
            "Missing",
        ),
        ({"response_format": wanted(name="a b")}, "response_format.json_schema.name", "invalid_value", "pattern"),
        ({"response_format": wanted(name="a" * 65)}, "response_format.json_schema.name", "invalid_value", "64"),
        (structured(additionalProperties=None), "response_format", None, "'additionalProperties' is required to be"),
        (structured(additionalProperties=True), "response_format", None, "and to be false"),
        (structured(required=["mentioned"]), "response_format", None, "Missing 'mention_text'."),
        (structured(properties=WITH_DEFAULT, required=["a"]), "response_format", None, "'default' is not permitted"),
        (structured(type="array", properties=None, items=LOOSE), "response_format", None, "'type: \"object\"'"),
    ],
)
def test_chat_refuses_what_the_real_one_refuses(client, body, param, code, words):
    reply = client.chat(**body)

    error = reply.json()["error"]
    assert (reply.status_code, error["param"], error["code"]) == (400, param, code)
    assert words in error["message"]


def test_an_unknown_model_is_a_404_at_chat(client):
    reply = client.chat(model="gpt-9")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
    assert reply.json()["error"]["message"] == "The model `gpt-9` does not exist or you do not have access to it."


@pytest.mark.parametrize("path", ["responses", "chat/completions"])
@pytest.mark.parametrize(("headers", "code"), [({"Authorization": "Bearer sk-real"}, "invalid_api_key"), ({}, None)])
def test_a_wrong_or_missing_key_is_refused_and_never_repeated(client, path, headers, code):
    reply = client.post(f"/openai/v1/{path}", {}, headers)

    assert (reply.status_code, reply.json()["error"]["code"]) == (401, code)
    assert "sk-real" not in reply.text + json.dumps(client.control("calls"))


def test_a_body_that_is_no_json_is_refused(client):
    reply = client.http.post(f"{client.url}/openai/v1/responses", data="{", headers=KEY, timeout=5)

    assert reply.status_code == 400


def test_an_unknown_address_is_a_404_in_json(client):
    assert client.get("/openai/v1/embeddings").json()["error"]["type"] == "invalid_request_error"
    assert client.get("/openai/v1/responses").status_code == 405
