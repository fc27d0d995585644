"""OpenAI's formats, in whatever form a reply comes: one of our errors with what was billed, or an answer."""

import copy
import json
import os
from pathlib import Path

import pytest
from multidict import CIMultiDict

from senso.errors import Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.http import Response, json_of
from senso.providers import Answer, Completion, Parameters, Prompt, Run, Source, Usage
from senso.providers.wire.openai import question, read_answer, read_completion, structured

SERVICE = "vendor"
RUN = Run(7, "Which bank is best?", "gpt-4.1", "CA")
PROMPT = Prompt("Read.", "A text.", "reading", {"type": "object"})
WRITTEN = Path(__file__).parents[1] / "replies" / "openai"
SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
BILLED = {"input_tokens": 100, "output_tokens": 20}
USAGE = Usage(tokens_in=100, tokens_out=20)
ODD = (None, "", 0, [], {}, True, "x" * 100_000, "\ud800")


def message(*texts, **more):
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "role": "assistant", "content": content} | more


def searched(action):
    return {"type": "web_search_call", "status": "completed", "action": action}


def response(*output, **more):
    return {"status": "completed", "output": list(output), "usage": BILLED} | more


def chat(*choices):
    return {"choices": list(choices), "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


def paths(value, before=()):
    if before:
        yield before
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from paths(one, (*before, name))


def changed(body, path, odd):
    found = copy.deepcopy(body)
    *before, last = path
    place = found
    for name in before:
        place = place[name]
    place[last] = odd
    return found


def over_the_wire(body):
    return json_of(SERVICE, Response(200, CIMultiDict(), json.dumps(body).encode()))


def stands(body, reading):
    """Whatever is put in the place of a value, at any depth: what comes of it can be stored, or is an OutsideError."""
    for path in paths(body):
        for odd in ODD:
            try:
                found = reading(over_the_wire(changed(body, path, odd)))
            except OutsideError as error:
                found = Answer(0, error=str(error))
            assert is_storable(found), (path, repr(odd)[:20])


def is_storable(found):
    if isinstance(found, Completion):
        return bool(found.content.strip()) and isinstance(found.model_version, str) and is_counted(found.usage)
    assert isinstance(found, Answer)
    words = (found.model_version, found.vendor_id, found.country)
    return (
        bool((found.text or found.error or "").strip())
        and len(found.error or "") < 1000
        and all(one is None or isinstance(one, str) for one in words)
        and all(isinstance(one, str) for one in found.queries)
        and all(is_page(one, len(found.text or "")) for one in found.sources)
        and found.searched in {True, False, None}
        and is_counted(found.usage)
    )


def is_page(source, length):
    spans = all(0 <= first < last <= length for first, last in source.spans)
    return (
        source.url.startswith("http")
        and isinstance(source.title, str | None)
        and source.cited in {True, False}
        and spans
    )


def is_counted(usage):
    return all(type(count) is int and count >= 0 for count in (usage.tokens_in, usage.tokens_out, usage.searches))


def test_texts_of_messages_stay_apart_and_a_commentary_is_no_answer():
    found = response(
        message("I will look this up.", phase="commentary"),
        message("Here is what I found"),
        message("Larch Hill Credit Union is cheapest."),
    )

    answer = read_answer(SERVICE, RUN, found)

    assert answer.text == "Here is what I found\n\nLarch Hill Credit Union is cheapest."


def test_a_commentary_alone_is_an_empty_answer():
    with pytest.raises(Malformed, match="empty") as caught:
        read_answer(SERVICE, RUN, response(message("I will look this up.", phase="commentary")))

    assert caught.value.usage == USAGE


def test_a_citation_stands_where_it_does_in_the_whole_text():
    note = {"type": "url_citation", "start_index": 0, "end_index": 10, "url": "https://a.example", "title": "A"}
    second = message("Larch Hill is best.")
    second["content"][0]["annotations"] = [note, note | {"start_index": 15, "end_index": 400}]

    answer = read_answer(SERVICE, RUN, response(message("Two 👍 banks:"), second))

    (source,) = answer.sources
    assert source == Source("https://a.example", "A", 1, cited=True, spans=((14, 24),))
    assert answer.text[14:24] == "Larch Hill"


def test_a_text_that_is_null_does_not_cost_the_others():
    answer = read_answer(SERVICE, RUN, response(message(None, "Fir Hill is best.")))

    assert answer.text == "Fir Hill is best."


def test_addresses_in_plain_text_are_sources():
    listed = ["https://a.example/x", {"url": "https://b.example", "title": "B"}, {"url": 7}, None, "no address"]

    answer = read_answer(SERVICE, RUN, response(searched({"type": "search", "sources": listed}), message("A.")))

    assert answer.sources == (
        Source("https://a.example/x", None, 1, cited=False),
        Source("https://b.example", "B", 2, cited=False),
    )


@pytest.mark.parametrize(
    ("action", "queries"),
    [
        ({"type": "search", "query": "best bank", "queries": ["best bank", "bank fees"]}, ("best bank", "bank fees")),
        ({"type": "search", "query": "best bank"}, ("best bank",)),
        ({"type": "search", "queries": [None, "", 7, "bank fees"]}, ("bank fees",)),
        ({"type": "search", "query": ["bank fees"], "queries": "best bank"}, ("bank fees", "best bank")),
        (None, ()),
    ],
)
def test_what_was_searched_for_is_kept_each_once(action, queries):
    answer = read_answer(SERVICE, RUN, response(searched(action), message("A.")))

    assert (answer.queries, answer.searched) == (queries, True)


def test_the_vendors_own_id_of_an_answer_is_kept():
    assert read_answer(SERVICE, RUN, response(message("A."), id="resp_1")).vendor_id == "resp_1"


@pytest.mark.parametrize("output", [[None], ["text"], None, "text", 7, {"type": "message"}])
def test_an_output_of_another_shape_is_an_empty_answer_and_says_what_it_cost(output):
    with pytest.raises(Malformed, match="empty") as caught:
        read_answer(SERVICE, RUN, response() | {"output": output})

    assert caught.value.usage == USAGE


@pytest.mark.parametrize("status", [["failed"], {}, 7, True, None])
def test_a_status_of_another_type_does_not_cost_the_answer(status):
    assert read_answer(SERVICE, RUN, response(message("A."), status=status)).text == "A."


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "invalid_prompt"}, Refused),
        ({"code": "bio_policy"}, Refused),
        ({"code": "misalignment_policy_violation"}, Refused),
        ({"code": "a_code_of_next_year"}, Refused),
        ({"code": "server_error"}, Unavailable),
        ({"code": "data_residency_mismatch"}, Refused),
        ({"code": "server_is_overloaded"}, Unavailable),
        ({"code": "slow_down"}, RateLimited),
        ({"code": "rate_limit_exceeded"}, RateLimited),
        ({"code": None, "message": "rate_limit_exceeded"}, Unavailable),
        ({"code": ["invalid_prompt"]}, Unavailable),
        ("invalid_prompt", Unavailable),
        (None, Unavailable),
    ],
)
def test_a_failed_response_is_told_by_its_code_alone_and_says_what_it_cost(error, expected):
    with pytest.raises(OutsideError) as caught:
        read_answer(SERVICE, RUN, response(status="failed", error=error))

    assert (type(caught.value), caught.value.usage) == (expected, USAGE)


@pytest.mark.parametrize(
    "choice",
    [
        {"message": None, "finish_reason": "stop"},
        {"message": "text", "finish_reason": "stop"},
        {"message": {"content": None}, "finish_reason": "stop"},
        {"message": {"content": ["text"]}, "finish_reason": "stop"},
        {"message": {"content": "{}"}, "finish_reason": ["stop"]},
        {"message": {"content": "{}"}, "finish_reason": "content_filter"},
        {"message": {"content": '{"a"'}, "finish_reason": "length"},
        None,
        "text",
    ],
)
def test_a_completion_that_cannot_be_used_says_what_it_cost(choice):
    with pytest.raises(Malformed) as caught:
        read_completion(SERVICE, chat(choice))

    assert caught.value.usage == USAGE


@pytest.mark.parametrize("refusal", [None, "", False, 0, [], {}, True])
def test_only_a_text_is_a_refusal(refusal):
    found = chat({"message": {"content": "{}", "refusal": refusal}, "finish_reason": "stop"})

    assert read_completion(SERVICE, found).content == "{}"


def test_a_reason_of_the_vendors_is_cut():
    long = response(status="incomplete", incomplete_details={"reason": "x" * 100_000})

    with pytest.raises(Malformed) as caught:
        read_answer(SERVICE, RUN, long)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters(), {"max_completion_tokens": 6144}),
        (Parameters(temperature=True), {"temperature": 0, "max_completion_tokens": 2048}),
        (Parameters(temperature=False), {"max_completion_tokens": 6144}),
        (
            Parameters(temperature=False, reasoning_effort=("low", "high")),
            {"reasoning_effort": "low", "max_completion_tokens": 6144},
        ),
        (
            Parameters(reasoning_effort=("minimal", "low")),
            {"reasoning_effort": "minimal", "max_completion_tokens": 6144},
        ),
        (
            Parameters(temperature=True, reasoning_effort=("none", "low")),
            {"temperature": 0, "reasoning_effort": "none", "max_completion_tokens": 2048},
        ),
        (Parameters(temperature=False, thinks=True), {"max_completion_tokens": 6144}),
        (
            Parameters(temperature=False, reasoning_effort=("low",), max_output_tokens=3000),
            {"reasoning_effort": "low", "max_completion_tokens": 3000},
        ),
    ],
)
def test_a_model_that_reads_is_sent_what_it_accepts_and_room_to_think(parameters, sent):
    body = structured(PROMPT, "a-model", parameters)

    assert {name: body[name] for name in body if name not in {"model", "messages", "response_format"}} == sent


def test_a_longer_cap_can_be_asked_for():
    prompt = Prompt("Read.", "A text.", "reading", {"type": "object"}, max_tokens=8192)

    assert structured(prompt, "a-model", Parameters(thinks=False))["max_completion_tokens"] == 8192


@pytest.mark.parametrize(
    ("parameters", "effort", "tokens"),
    [
        (Parameters(), None, 8192),
        (Parameters(thinks=False), None, 4096),
        (Parameters(reasoning_effort=("none", "low")), {"effort": "none"}, 4096),
        (Parameters(reasoning_effort=("minimal", "low")), {"effort": "low"}, 8192),
        (Parameters(reasoning_effort=("minimal",)), {"effort": "minimal"}, 8192),
        (Parameters(thinks=True), None, 8192),
    ],
)
def test_a_model_that_answers_thinks_as_little_as_its_search_allows(parameters, effort, tokens):
    body = question(Run(7, "Which?", "a-model", "CA", parameters=parameters))

    assert (body.get("reasoning"), body["max_output_tokens"]) == (effort, tokens)
    assert "temperature" not in body


@pytest.mark.parametrize(("known", "sent"), [(None, "web_search"), ("web_search_preview", "web_search_preview")])
def test_the_search_is_the_one_that_the_model_has(known, sent):
    (tool,) = question(Run(7, "Which?", "a-model", "CA", parameters=Parameters(search_tool=known)))["tools"]

    assert tool["type"] == sent


def readings(name):
    if name.startswith(("chat-", "openai-chat-")):
        return lambda found: read_completion(SERVICE, found)
    return lambda found: read_answer(SERVICE, RUN, found)


@pytest.mark.parametrize("path", sorted(WRITTEN.glob("*.json")), ids=lambda path: path.stem)
def test_no_change_of_a_reply_raises_anything_but_our_errors(path):
    stands(json.loads(path.read_text())["body"], readings(path.stem))


RECORDED = sorted((SHARED / "recorded").glob("openai-*.json"))
RECORDED = [path for path in RECORDED if path.stem.startswith(("openai-chat-", "openai-responses-"))]


@pytest.mark.skipif(not RECORDED, reason=f"no recorded answers at {SHARED}; SENSO_SHARED may say where they are")
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_no_change_of_a_recorded_reply_raises_anything_but_our_errors(path):
    stands(json.loads(path.read_text())["response"]["body"], readings(path.stem))
