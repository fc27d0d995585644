"""The vendor's own library against the sandbox, and the requests that the sandbox refuses as the vendor does."""

import json

import pytest
from google import genai
from google.genai import errors, types
from sandbox_client import READING, reading_request

KEY = {"x-goog-api-key": "sandbox-key"}
MODEL = "gemini-3.8-flash"
OLDER = "gemini-2.5-flash"
SEARCH = {"tools": [{"google_search": {}}]}
JSON = {"responseMimeType": "application/json"}


@pytest.fixture
def sdk(client):
    return genai.Client(api_key="sandbox-key", http_options=types.HttpOptions(base_url=f"{client.url}/gemini"))


def searching(place="Canada"):
    return types.GenerateContentConfig(
        tools=[types.Tool(google_search=types.GoogleSearch())], system_instruction=f"The user is in Toronto, {place}."
    )


def generate(client, model=MODEL, headers=KEY, **body):
    given = {"contents": [{"role": "user", "parts": [{"text": "Who?"}]}]} | body
    return client.post(f"/gemini/v1beta/models/{model}:generateContent", given, headers)


def test_the_sdk_asks_with_a_search_and_gets_the_worlds_answer_with_its_pages(sdk, client, world):
    question = world.questions(world.orgs[0])[2].text
    found = sdk.models.generate_content(model=MODEL, contents=question, config=searching())

    (candidate,) = found.candidates
    pages = {source.page for source in world.answer(question, MODEL, "CA").sources}
    assert (candidate.finish_reason, found.model_version) == (types.FinishReason.STOP, f"senso-sandbox/{MODEL}")
    assert {chunk.web.title for chunk in candidate.grounding_metadata.grounding_chunks} == {
        page.split("/")[2].removeprefix("www.") for page in pages
    }
    assert candidate.grounding_metadata.web_search_queries
    assert client.control("calls?where=gemini.generate")[0]["country"] == "CA"


def test_each_segment_stands_at_its_bytes(sdk, world):
    question = world.questions(world.orgs[1])[1].text
    found = sdk.models.generate_content(model=MODEL, contents=question, config=searching())

    metadata = found.candidates[0].grounding_metadata
    assert metadata.grounding_supports
    for support in metadata.grounding_supports:
        segment = support.segment
        assert found.text.encode()[segment.start_index or 0 : segment.end_index].decode() == segment.text
        assert all(number < len(metadata.grounding_chunks) for number in support.grounding_chunk_indices)


def test_without_a_search_there_are_neither_pages_nor_links(sdk, world):
    found = sdk.models.generate_content(model=MODEL, contents=world.questions(world.orgs[0])[0].text)

    assert found.candidates[0].grounding_metadata is None
    assert "http" not in found.text


@pytest.mark.parametrize("form", ["response_json_schema", "response_schema"])
def test_the_sdk_gets_a_reading_in_either_kind_of_schema(sdk, form):
    own = {"type": "OBJECT", "required": ["mentioned"], "properties": {"mentioned": {"type": "BOOLEAN"}}}
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        thinking_config=types.ThinkingConfig(thinking_level="low"),
        **{form: READING if form == "response_json_schema" else own},
    )
    user = reading_request("1. **Acme** – praised\n2. **Globex** – slow", "Globex")

    found = sdk.models.generate_content(model=MODEL, contents=user, config=config)

    assert json.loads(found.text)["mentioned"] is True
    counts = found.usage_metadata
    assert counts.thoughts_token_count
    assert counts.total_token_count == (
        counts.prompt_token_count + counts.candidates_token_count + counts.thoughts_token_count
    )


def test_the_names_of_an_organisation_are_varied(client):
    schema = {"type": "object", "properties": {"variations": {"type": "array", "items": {"type": "string"}}}}
    user = json.dumps({"organisation": "Summit Savings Bank", "websites": []})
    said = {"contents": [{"parts": [{"text": user}]}], "generationConfig": JSON | {"responseJsonSchema": schema}}
    found = generate(client, **said).json()

    assert json.loads(found["candidates"][0]["content"]["parts"][0]["text"]) == {
        "variations": ["Summit Savings Bank", "Summit Savings", "SSB"]
    }


def test_the_sdk_lists_the_models(sdk):
    listed = {one.name: one for one in sdk.models.list()}

    assert listed[f"models/{MODEL}"].output_token_limit == 65_536
    assert "generateContent" in listed[f"models/{OLDER}"].supported_actions


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("401", errors.ClientError, (400, "INVALID_ARGUMENT")),
        ("403", errors.ClientError, (403, "PERMISSION_DENIED")),
        ("404", errors.ClientError, (404, "NOT_FOUND")),
        ("429", errors.ClientError, (429, "RESOURCE_EXHAUSTED")),
        ("429-day", errors.ClientError, (429, "RESOURCE_EXHAUSTED")),
        ("429-quota", errors.ClientError, (402, "RESOURCE_EXHAUSTED")),
        ("429-too-large", errors.ClientError, (400, "INVALID_ARGUMENT")),
        ("500", errors.ServerError, (500, "INTERNAL")),
        ("503", errors.ServerError, (503, "UNAVAILABLE")),
    ],
)
def test_the_sdk_raises_what_it_should(sdk, client, kind, error, said):
    client.fault("gemini.generate", kind)

    with pytest.raises(error) as caught:
        sdk.models.generate_content(model=MODEL, contents="Who?")

    assert (caught.value.code, caught.value.status) == said


def test_a_rate_limit_says_when_to_come_back_in_retry_info_and_in_no_header(client):
    client.fault("gemini.generate", "429", retry_after=34)
    reply = generate(client)

    details = {one["@type"].rpartition(".")[2]: one for one in reply.json()["error"]["details"]}
    assert details["RetryInfo"]["retryDelay"] == "34s"
    assert "PerMinute" in details["QuotaFailure"]["violations"][0]["quotaId"]
    assert "retry-after" not in reply.headers


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("refusal", "SAFETY"),
        ("recitation", "RECITATION"),
        ("length", "MAX_TOKENS"),
        ("silence", "MAX_TOKENS"),
        ("empty", "STOP"),
    ],
)
def test_a_reply_can_end_badly(sdk, client, kind, ending):
    client.fault("gemini.generate", kind)
    found = sdk.models.generate_content(model=MODEL, contents="Who?", config=searching())

    assert found.candidates[0].finish_reason == ending
    assert bool(found.text) == (kind == "length")


def test_a_prompt_can_be_blocked(sdk, client):
    client.fault("gemini.generate", "blocked")
    found = sdk.models.generate_content(model=MODEL, contents="Who?")

    assert (found.candidates, found.prompt_feedback.block_reason) == (None, "PROHIBITED_CONTENT")
    assert found.usage_metadata.total_token_count == found.usage_metadata.prompt_token_count


def test_another_model_can_answer_and_a_model_can_be_about_to_retire(sdk, client):
    client.fault("gemini.generate", "other-model", times=1)
    client.fault("gemini.generate", "retiring")
    other, retiring = (sdk.models.generate_content(model=OLDER, contents="Who?") for _ in range(2))

    assert other.model_version == "senso-sandbox/gemini-3.5-flash-lite"
    assert retiring.model_status.retirement_time.date().isoformat() == "2026-12-01"


def test_thoughts_use_up_the_tokens_of_the_answer(client):
    limits = ({"maxOutputTokens": 100}, {"maxOutputTokens": 200})
    silent, short = (generate(client, generationConfig=limit).json()["candidates"][0] for limit in limits)

    assert (silent["finishReason"], silent["content"]) == ("MAX_TOKENS", {"role": "model"})
    assert (short["finishReason"], bool(short["content"]["parts"][0]["text"])) == ("MAX_TOKENS", True)


def generation(**values):
    return {"generationConfig": values}


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        (MODEL, {"contents": []}, "contents is not specified"),
        (MODEL, {"contents": [{"parts": []}]}, "contents.parts must not be empty"),
        (MODEL, {"contents": [{"role": "robot", "parts": [{"text": "x"}]}]}, "valid role: user, model"),
        (MODEL, {"contents": [{"role": "model", "parts": [{"text": "x"}]}]}, "ending with a model turn"),
        (MODEL, {"contents": "Who?"}, "Invalid value at 'contents'"),
        (MODEL, {"contents": [{"parts": [{"txt": "x"}]}]}, "Unknown name \"txt\" at 'contents[0].parts[0]'"),
        (MODEL, {"surprise": 1}, 'Unknown name "surprise": Cannot find field.'),
        (MODEL, {"messages": []}, 'Unknown name "messages": Cannot find field.'),
        (MODEL, {"tools": [{"web_search": {}}]}, "Unknown name \"web_search\" at 'tools[0]'"),
        (MODEL, {"tools": [{"google_search": {"user_location": {}}}]}, "at 'tools[0].google_search'"),
        (MODEL, {"tools": [{}]}, "tool_type"),
        (MODEL, generation(temperature=0), "temperature is not supported for this model."),
        (MODEL, generation(top_p=0.5), "top_p is not supported for this model."),
        (OLDER, generation(temperature=3), "temperature"),
        (MODEL, generation(max_tokens=5), "Unknown name \"max_tokens\" at 'generation_config'"),
        (MODEL, generation(maxOutputTokens="5"), "'generation_config.max_output_tokens' (TYPE_INT32)"),
        (MODEL, generation(maxOutputTokens=70_000), "supported range"),
        (MODEL, generation(thinkingConfig={"thinkingLevel": "MINIMAL"}), "Thinking level MINIMAL is not supported"),
        (OLDER, generation(thinkingConfig={"thinkingLevel": "LOW"}), "Thinking level is not supported"),
        (MODEL, generation(thinkingConfig={"thinkingLevel": "LOW", "thinkingBudget": 0}), "only one of"),
        (MODEL, generation(responseJsonSchema=READING), "response_mime_type"),
        (MODEL, generation(**JSON, responseSchema=READING), 'Unknown name "additionalProperties"'),
        (MODEL, generation(**JSON, responseSchema={"type": ["STRING", "NULL"]}), "Proto field is not repeating"),
        (MODEL, generation(**JSON, responseSchema={}, responseJsonSchema={}), "Only one of"),
        (OLDER, generation(**JSON) | SEARCH, "Tool use with a response mime type"),
    ],
)
def test_what_the_vendor_refuses_is_refused(client, model, body, words):
    reply = generate(client, model, **body)

    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in error["message"]


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (OLDER, generation(temperature=0.2, top_p=0.9, thinking_config={"thinkingBudget": 0})),
        (MODEL, {"system_instruction": {"parts": [{"text": "Be brief."}]}} | SEARCH),
        (MODEL, {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "tools": [{"googleSearch": {}}]}),
        (MODEL, generation(**JSON, responseJsonSchema=READING) | SEARCH),
        ("gemini-3.5-flash-lite", generation(thinkingConfig={"thinkingLevel": "minimal"})),
        (MODEL, {"toolConfig": None, "safetySettings": []}),
    ],
)
def test_what_the_vendor_accepts_is_accepted(client, model, body):
    assert generate(client, model, **body).status_code == 200


def test_an_unknown_model_is_a_404(client):
    reply = generate(client, "gemini-9")

    assert (reply.status_code, reply.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert reply.json()["error"]["message"].startswith("models/gemini-9 is not found for API version v1beta")


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({"x-goog-api-key": "AIza-real"}, 400)])
def test_a_wrong_or_missing_key_is_refused_and_never_repeated(client, headers, status):
    replies = [generate(client, headers=headers), client.get("/gemini/v1beta/models", headers)]

    assert [reply.status_code for reply in replies] == [status, status]
    assert "AIza-real" not in json.dumps([reply.text for reply in replies]) + json.dumps(client.control("calls"))


def test_a_body_that_is_no_json_is_refused(client):
    path = f"{client.url}/gemini/v1beta/models/{MODEL}:generateContent"

    assert client.http.post(path, data="{", headers=KEY, timeout=5).json()["error"]["status"] == "INVALID_ARGUMENT"


def test_calls_are_logged_by_what_they_were_for(client, world):
    question = world.questions(world.orgs[0])[0].text
    generate(client, contents=[{"parts": [{"text": question}]}])
    user = reading_request("Acme.", "Acme", question="Who is best?")
    generate(client, contents=[{"parts": [{"text": user}]}], **generation(**JSON, responseJsonSchema=READING))
    asked, read = client.control("calls")

    assert (asked["where"], asked["question"], asked["model"]) == ("gemini.generate", question, MODEL)
    assert (read["where"], read["organisation"], read["schema"]) == ("gemini.reading", "Acme", "answer_reading")
    assert read["question"] == "Who is best?"
