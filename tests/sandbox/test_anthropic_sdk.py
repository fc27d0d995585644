"""The vendor's own library against the sandbox: what it accepts there, it will accept in production."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import anthropic
import pytest
import requests
from pydantic import BaseModel
from requests.exceptions import ChunkedEncodingError
from sandbox_client import READING, reading_request

from senso.sandbox.anthropic.faults import KINDS, PLACES
from senso.sandbox.openai.bodies import INLINE_LINK

MESSAGES = "/anthropic/v1/messages"
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
PLACE = {"type": "approximate", "country": "CA", "region": "Ontario"}
OLDER = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
NEWER = OLDER | {"anthropic-version": "2026-10-21"}
ASKED = {"model": "claude-haiku-4-5", "max_tokens": 4096, "messages": [{"role": "user", "content": "Who is best?"}]}
FORMAT = {"type": "json_schema", "schema": READING}


@pytest.fixture
def sdk(client):
    with anthropic.Anthropic(api_key="sandbox-key", base_url=f"{client.url}/anthropic", max_retries=0) as sdk:
        yield sdk


def ask(sdk, question="Who is best?", model="claude-sonnet-5", **more):
    return sdk.messages.create(
        model=model, max_tokens=4096, messages=[{"role": "user", "content": question}], **{"tools": [SEARCH], **more}
    )


def texts(found):
    return [block for block in found.content if block.type == "text"]


def test_the_sdk_asks_with_a_search_and_gets_the_worlds_answer(sdk, world):
    question = world.questions(world.orgs[0])[2].text
    written = world.answer(question, "claude-sonnet-5", "CA")

    found = ask(sdk, question, tools=[SEARCH | {"user_location": PLACE}])

    assert "".join(block.text for block in texts(found)) == INLINE_LINK.sub("", written.text)
    assert [block.type for block in found.content[:3]] == ["thinking", "server_tool_use", "web_search_tool_result"]
    assert found.content[1].input == {"query": question[:120]}
    assert [page.url for page in found.content[2].content] == list(
        dict.fromkeys(source.url for source in written.sources)
    )
    assert (found.stop_reason, found.model) == ("end_turn", "senso-sandbox/claude-sonnet-5")
    assert found.usage.server_tool_use.web_search_requests == 1


def test_the_sdk_reads_a_citation_of_each_cited_page(sdk, world):
    question = world.questions(world.orgs[1])[1].text
    cited = [source.url for source in world.answer(question, "claude-sonnet-5", "").sources if source.cited]

    notes = [note for block in texts(ask(sdk, question)) for note in block.citations or []]

    assert {note.type for note in notes} == {"web_search_result_location"}
    assert {note.url for note in notes} == set(cited)
    assert all(note.encrypted_index for note in notes)


def test_the_sdk_gets_structured_output_that_fits_its_schema(sdk):
    found = ask(
        sdk,
        reading_request("Acme is excellent.", "Acme"),
        "claude-haiku-5-5",
        tools=[],
        output_config={"format": FORMAT},
    )

    reading = json.loads(texts(found)[0].text)
    assert (reading["mentioned"], reading["sentiment"], set(reading)) == (True, "positive", set(READING["properties"]))


def test_the_sdk_reads_structured_output_into_the_class_that_it_made_the_schema_from(sdk):
    class Lender(BaseModel):
        name: str
        fee: int | None
        towns: list[str]

    found = sdk.messages.parse(
        model="claude-haiku-5-5",
        max_tokens=4096,
        messages=[{"role": "user", "content": "Which lender is best?"}],
        output_format=Lender,
    )

    assert found.parsed_output == Lender(name="", fee=None, towns=[])


def test_names_are_asked_for_by_the_form_of_the_schema(sdk, client):
    schema = {
        "type": "object",
        "properties": {"variations": {"type": "array", "items": {"type": "string"}}},
        "required": ["variations"],
        "additionalProperties": False,
    }
    user = json.dumps({"organisation": "Larch Hill Credit Union", "websites": []})

    found = ask(sdk, user, tools=[], output_config={"format": {"type": "json_schema", "schema": schema}})

    assert json.loads(texts(found)[0].text)["variations"]
    assert client.control("calls")[-1]["schema"] == "name_variations"


def test_the_sdk_continues_a_paused_turn(sdk, client):
    whole = "".join(block.text for block in texts(ask(sdk)))
    client.fault("anthropic.messages", "pause", times=1)
    first = ask(sdk)

    rest = sdk.messages.create(
        model="claude-sonnet-5",
        max_tokens=4096,
        tools=[SEARCH],
        messages=[{"role": "user", "content": "Who is best?"}, first.to_param()],
    )

    assert (first.stop_reason, texts(first)) == ("pause_turn", [])
    assert (rest.stop_reason, "".join(block.text for block in texts(rest))) == ("end_turn", whole)


@pytest.mark.parametrize(
    ("kind", "stop"),
    [
        ("refusal", "refusal"),
        ("length", "max_tokens"),
        ("context", "model_context_window_exceeded"),
        ("empty", "end_turn"),
    ],
)
def test_the_sdk_sees_why_an_answer_stopped(sdk, client, kind, stop):
    client.fault("anthropic.messages", kind)

    found = ask(sdk)

    assert found.stop_reason == stop
    assert (found.stop_details is not None) == (kind == "refusal")
    assert found.usage.output_tokens


@pytest.mark.parametrize(("kind", "code"), [("search-failed", "unavailable"), ("max-uses", "max_uses_exceeded")])
def test_the_sdk_sees_that_a_search_failed(sdk, client, kind, code):
    client.fault("anthropic.messages", kind)

    results = [block.content for block in ask(sdk).content if block.type == "web_search_tool_result"]

    assert [result.error_code for result in results if not isinstance(result, list)] == [code]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("401", ("AuthenticationError", 401, "authentication_error")),
        ("402", ("PaymentRequiredError", 402, "billing_error")),
        ("403", ("PermissionDeniedError", 403, "permission_error")),
        ("404", ("NotFoundError", 404, "not_found_error")),
        ("400-credit", ("BadRequestError", 400, "invalid_request_error")),
        ("429", ("RateLimitError", 429, "rate_limit_error")),
        ("429-quota", ("RateLimitError", 429, "rate_limit_error")),
        ("429-too-large", ("ContentTooLargeError", 413, "request_too_large")),
        ("500", ("InternalServerError", 500, "api_error")),
        ("503", ("OverloadedError", 529, "overloaded_error")),
    ],
)
@pytest.mark.parametrize("place", ["messages", "reading", "models"])
def test_the_sdk_raises_what_it_should(sdk, client, place, kind, expected):
    error, *said = expected
    client.fault(f"anthropic.{place}", kind)
    calls = {
        "messages": lambda: ask(sdk),
        "reading": lambda: ask(sdk, tools=[], output_config={"format": FORMAT}),
        "models": sdk.models.list,
    }

    with pytest.raises(getattr(anthropic, error)) as caught:
        calls[place]()

    assert [caught.value.status_code, caught.value.type] == said
    assert caught.value.request_id == caught.value.body["request_id"]


def test_the_sdk_finds_the_code_of_a_spending_limit(sdk, client):
    client.fault("anthropic.messages", "429-quota")

    with pytest.raises(anthropic.RateLimitError) as caught:
        ask(sdk)

    assert caught.value.error_code == "enforced_spend_limit_reached"


def test_the_sdk_waits_as_long_as_it_is_told_and_tries_again(client):
    client.fault("anthropic.messages", "503", retry_after=0.01, times=1)

    with anthropic.Anthropic(api_key="sandbox-key", base_url=f"{client.url}/anthropic", max_retries=1) as sdk:
        assert texts(ask(sdk))


def test_the_sdk_lists_all_models_page_by_page(sdk):
    found = {model.id: model for model in sdk.models.list(limit=5)}

    assert len(found) > 10
    assert found["claude-sonnet-4-5-20250929"].retires_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert (found["claude-sonnet-5-5"].lifecycle, found["claude-sonnet-5-5"].retires_at) == ("active", None)


def test_the_sdk_finds_a_model_by_its_short_name(sdk):
    found = sdk.models.retrieve("claude-haiku-4-5")

    assert (found.id, found.max_tokens) == ("claude-haiku-4-5-20251001", 64_000)
    assert found.capabilities.server_tools.web_search.supported
    assert not found.capabilities.effort.supported
    with pytest.raises(anthropic.NotFoundError):
        sdk.models.retrieve("claude-2")


def post(client, body, headers=OLDER):
    return client.post(MESSAGES, body, headers)


def tool(**more):
    return {"tools": [SEARCH | more]}


def output(**config):
    return {"output_config": config}


def schema(**changed):
    return output(format={"type": "json_schema", "schema": READING | changed})


WRONG = [
    ({"prompt": "x"}, "prompt: Extra inputs are not permitted"),
    ({"response_format": {}}, "response_format: Extra inputs are not permitted"),
    ({"output_format": FORMAT}, "output_format: Extra inputs are not permitted"),
    ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
    ({"max_tokens": 64_001}, "max_tokens: 64001 > 64000"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": "x"}, "messages: Input should be a valid list"),
    ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": " "}]}, "text content blocks must be non-empty"),
    ({"messages": [{"role": "user", "content": [{"type": "tool"}]}]}, "messages.0.content.0: Input tag 'tool'"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "first message must use the"),
    (
        {"messages": [*ASKED["messages"], {"role": "assistant", "content": "It is"}]},
        "does not support assistant message",
    ),
    ({"system": 3}, "system: Input should be a valid string"),
    ({"stream": True}, "does not stream"),
    ({"temperature": 2}, "temperature: range: 0..1"),
    ({"temperature": 0, "top_p": 1}, "cannot both be specified"),
    ({"temperature": 0, "model": "claude-sonnet-5"}, "`temperature` is deprecated for this model."),
    ({"tools": [{"type": "web_search"}]}, "tools.0"),
    (tool(type="web_search_20260209"), "does not support tool types: web_search_20260209"),
    (tool(name="search"), "name: Input should be 'web_search'"),
    (tool(search_context_size="low"), "search_context_size: Extra inputs are not permitted"),
    (tool(response_inclusion="full"), "response_inclusion: Extra inputs are not permitted"),
    (tool(max_uses=0), "max_uses"),
    (tool(allowed_domains=["a.example"], blocked_domains=["b.example"]), "Only one of"),
    (tool(user_location={"country": "US"}), "user_location.type: Input should be 'approximate'"),
    (tool(user_location=PLACE | {"country": "Canada"}), "user_location.country"),
    (tool(user_location=PLACE | {"city": ""}), "user_location.city"),
    (tool(user_location=PLACE | {"latitude": 1}), "latitude: Extra inputs are not permitted"),
    ({"tool_choice": {"type": "required"}}, "tool_choice: Input tag"),
    ({"tool_choice": {"type": "any"}, "model": "claude-sonnet-5-5"}, "forced tool use is not supported"),
    ({"thinking": {"type": "adaptive"}}, "not supported for this model"),
    ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "budget_tokens"),
    ({"thinking": {"type": "disabled"}, "model": "claude-opus-5-5"}, "not supported for this model"),
    (output(effort="low"), "does not support the effort parameter"),
    (output(effort="minimal") | {"model": "claude-sonnet-5"}, "output_config.effort"),
    (output(format={"type": "json_object"}), "output_config.format.type"),
    (output(format={"type": "json_schema"}), "output_config.format.schema: Field required"),
    (output(format=FORMAT | {"name": "reading"}), "output_config.format.name: Extra inputs are not permitted"),
    (output(format=FORMAT | {"strict": True}), "output_config.format.strict: Extra inputs are not permitted"),
    (schema(additionalProperties=True), "'additionalProperties' must be explicitly set to false"),
    (schema(properties={"rank": {"type": "integer", "minimum": 1}}), "properties minimum are not supported"),
    (schema(properties={"names": {"type": "array", "items": {}, "minItems": 2}}), "properties minItems"),
]


@pytest.mark.parametrize(("changed", "words"), WRONG)
def test_what_the_vendor_refuses_is_refused(client, changed, words):
    reply = post(client, ASKED | changed)

    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert words in reply.json()["error"]["message"]


@pytest.mark.parametrize("name", ["model", "max_tokens", "messages"])
def test_what_is_required_is_missed(client, name):
    reply = post(client, {key: value for key, value in ASKED.items() if key != name})

    assert (reply.status_code, reply.json()["error"]["message"]) == (400, f"{name}: Field required")


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 0},
        {"tool_choice": {"type": "tool", "name": "web_search"}} | tool(),
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"system": [{"type": "text", "text": "Be brief."}], "metadata": {"user_id": "x"}, "service_tier": "auto"},
        {"model": "claude-sonnet-4-6", "temperature": 0} | tool(type="web_search_20260318", response_inclusion="full"),
        output(format={"type": "json_schema", "schema": READING | {"required": []}}),
    ],
)
def test_what_the_vendor_takes_is_taken(client, more):
    assert post(client, ASKED | more).status_code == 200


def test_the_newer_version_takes_no_temperature_at_all(client):
    reply = post(client, ASKED | {"temperature": 1}, NEWER)

    assert (reply.status_code, reply.json()["error"]["message"]) == (400, "temperature: Extra inputs are not permitted")


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "x-api-key header is required"),
        (OLDER | {"x-api-key": "sk-ant-real"}, 401, "invalid x-api-key"),
        ({"x-api-key": "sandbox-key"}, 400, "anthropic-version: header is required"),
        (OLDER | {"anthropic-version": "2024-01-01"}, 400, "is not a valid version"),
    ],
)
def test_key_and_version_are_looked_at(client, headers, status, words):
    reply = post(client, ASKED, headers)

    assert (reply.status_code, reply.json()["type"]) == (status, "error")
    assert words in reply.json()["error"]["message"]
    assert "sk-ant-real" not in reply.text + json.dumps(client.control("calls"))


def test_a_body_that_is_no_json_is_refused(client):
    reply = client.http.post(client.url + MESSAGES, data="{", headers=OLDER, timeout=5)

    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_turn_cannot_be_continued_without_what_only_the_vendor_can_read(client, world):
    client.fault("anthropic.messages", "pause", times=1)
    turns = [{"role": "user", "content": world.questions(world.orgs[0])[0].text}]
    paused = post(client, ASKED | tool() | {"messages": turns}).json()["content"]
    del paused[-1]["content"][0]["encrypted_content"]

    reply = post(client, ASKED | tool() | {"messages": [*turns, {"role": "assistant", "content": paused}]})

    assert "encrypted_content: Field required" in reply.json()["error"]["message"]


def test_a_token_limit_cuts_an_answer_and_a_reading(client):
    answer = post(client, ASKED | tool() | {"max_tokens": 10}).json()
    reading = post(client, ASKED | output(format=FORMAT) | {"max_tokens": 3}).json()

    assert (answer["stop_reason"], reading["stop_reason"]) == ("max_tokens", "max_tokens")


def test_a_long_prompt_is_kept_only_where_that_is_asked_for(client):
    turns = [{"role": "user", "content": [{"type": "text", "text": "x" * 8000}]}]
    plain = post(client, ASKED | {"messages": turns}).json()["usage"]
    kept = post(client, ASKED | {"messages": turns, "cache_control": {"type": "ephemeral"}}).json()["usage"]

    assert (plain["cache_read_input_tokens"], plain["cache_creation_input_tokens"]) == (0, 0)
    assert kept["cache_read_input_tokens"] > 0
    assert plain["input_tokens"] == sum(
        kept[name] for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    )


def test_a_good_reply_has_the_vendors_headers(client):
    headers = {name.lower() for name in post(client, ASKED).headers}

    assert {"request-id", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-tokens-reset"} <= headers


@pytest.mark.parametrize(("place", "kind"), [(place, kind) for place in KINDS for kind in KINDS[place]])
def test_every_fault_strikes_where_it_is_said_to(client, place, kind):
    client.fault(place, kind, seconds=0.01)
    calls = {
        "anthropic.messages": lambda: post(client, ASKED | tool()),
        "anthropic.reading": lambda: post(client, ASKED | output(format=FORMAT)),
        "anthropic.models": lambda: client.get("/anthropic/v1/models", OLDER),
    }

    with suppress(requests.ConnectionError, ChunkedEncodingError):  # cut, as asked for
        calls[place]()

    assert [(rule["fired"], call["fault"]) for rule, call in zip(*seen(client), strict=True)] == [(1, kind)]


def seen(client):
    return client.control("faults"), client.control("calls")


def test_every_place_is_explained():
    assert KINDS.keys() == PLACES.keys()


@pytest.mark.parametrize("where", ["messages", "reading"])
def test_a_dropped_call_gets_no_reply_and_is_in_the_log(client, where):
    client.fault(f"anthropic.{where}", "drop")

    with pytest.raises(requests.ConnectionError):
        post(client, ASKED | (output(format=FORMAT) if where == "reading" else {}))

    (call,) = client.control(f"calls?where=anthropic.{where}")
    assert (call["status"], call["fault"]) == (None, "drop")


def test_every_call_is_in_the_log_without_its_key(client):
    post(client, ASKED | tool(user_location=PLACE))
    request = reading_request("Acme.", "Acme", question="Who is best?")
    post(client, ASKED | output(format=FORMAT) | {"messages": [{"role": "user", "content": request}]})
    asked, read = client.control("calls")

    assert (asked["where"], asked["question"], asked["country"]) == ("anthropic.messages", "Who is best?", "CA")
    assert (read["where"], read["organisation"], read["schema"]) == ("anthropic.reading", "Acme", "answer_reading")
    assert "sandbox-key" not in json.dumps([asked, read])
