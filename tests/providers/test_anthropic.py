import copy
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from senso.errors import CutOff, Malformed, OutsideError, Refused
from senso.http import Response, json_of
from senso.providers import Answer, Parameters, Prompt, Run, Source, Usage
from senso.providers.anthropic import (
    continued,
    headers,
    is_paused,
    is_wrong_key,
    question,
    read_answer,
    read_completion,
    retirements,
    structured,
)

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared")) / "recorded"
RUN = Run(7, "Which lender is best?", "claude-sonnet-5", "CA")
PROMPT = Prompt("system", "user", "reading", {"type": "object"})
LARCH, FIR, ELM = "https://larch.example/loans", "https://fir.example/", "https://elm.example/"
COUNTS = {
    "input_tokens": 4,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 20,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 5},
    "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
}
BILLED = Usage(tokens_in=124, tokens_cached=20, tokens_written=100, tokens_out=30, tokens_thinking=5, searches=1)


def said(text, *urls):
    return {"type": "text", "text": text} | ({"citations": [cites(url) for url in urls]} if urls else {})


def cites(url, title=None):
    return {
        "type": "web_search_result_location",
        "url": url,
        "title": title,
        "cited_text": "We like it.",
        "encrypted_index": "Eo8B",
    }


def page(url, title):
    return {
        "type": "web_search_result",
        "url": url,
        "title": title,
        "encrypted_content": "EuAQ",
        "page_age": None,
    }


def searching(number, query):
    return {"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": "web_search", "input": {"query": query}}


def found(number, content):
    return {"type": "web_search_tool_result", "tool_use_id": f"srvtoolu_{number}", "content": content}


def failed(number, code):
    return found(number, {"type": "web_search_tool_result_error", "error_code": code})


def reply(*blocks, stop="end_turn", usage=COUNTS, **more):
    return {
        "id": "msg_EXAMPLE",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
        **more,
    }


SEARCHED = (searching(1, "best lender"), found(1, [page(LARCH, "Larch"), page(FIR, "Fir"), page(ELM, "Elm")]))
CITED = reply(
    {"type": "thinking", "thinking": "", "signature": "EpoC"},
    said("I'll look."),
    *SEARCHED,
    said("In short, "),
    said("Larch Hill 🌲 is cheap", LARCH),
    said(" and "),
    said("Fir Hill is near", FIR, LARCH),
    said(".\n\nThat is all."),
)


def read(*replies):
    return read_answer(RUN, list(replies))


def test_a_sentence_that_is_cut_at_its_citations_is_whole_again():
    answer = read(CITED)

    assert answer.text == "I'll look.\n\nIn short, Larch Hill 🌲 is cheap and Fir Hill is near.\n\nThat is all."
    assert (answer.number, answer.model_version, answer.vendor_id) == (7, "claude-sonnet-5", "msg_EXAMPLE")
    assert (answer.searched, answer.queries, answer.usage) == (True, ("best lender",), BILLED)


def test_a_citation_spans_the_whole_text_of_its_block_in_our_text():
    answer = read(CITED)

    assert [[answer.text[start:end] for start, end in source.spans] for source in answer.sources] == [
        ["Larch Hill 🌲 is cheap", "Fir Hill is near"],
        ["Fir Hill is near"],
        [],
    ]


def test_a_cited_page_is_told_from_one_that_was_only_offered():
    assert [(source.url, source.title, source.position, source.cited) for source in read(CITED).sources] == [
        (LARCH, "Larch", 1, True),
        (FIR, "Fir", 2, True),
        (ELM, "Elm", 3, False),
    ]


def test_what_is_said_before_a_search_and_after_it_stays_apart():
    answer = read(reply(said("Here is what I found"), *SEARCHED, said("Larch Hill is cheapest.")))

    assert answer.text == "Here is what I found\n\nLarch Hill is cheapest."


def test_an_answer_without_a_search_says_so():
    answer = read(reply(said("Larch Hill."), usage={"input_tokens": 9, "output_tokens": 3}))

    assert (answer.searched, answer.queries, answer.sources) == (False, (), ())
    assert answer.usage == Usage(tokens_in=9, tokens_out=3)


@pytest.mark.parametrize(
    "code",
    ["invalid_tool_input", "unavailable", "max_uses_exceeded", "too_many_requests", "query_too_long"],
)
def test_a_search_that_failed_is_none(code):
    answer = read(reply(searching(1, "lenders"), failed(1, code), said("Larch Hill."), usage={}))

    assert (answer.text, answer.searched, answer.queries, answer.sources) == ("Larch Hill.", False, (), ())


def test_one_search_too_many_does_not_undo_the_others():
    answer = read(reply(*SEARCHED, searching(2, "more"), failed(2, "max_uses_exceeded"), said("Larch Hill.")))

    assert (answer.searched, answer.queries, len(answer.sources)) == (True, ("best lender",), 3)


def test_searches_are_counted_where_the_vendor_does_not():
    usage = {"input_tokens": 1, "output_tokens": 1, "server_tool_use": None}

    assert read(reply(*SEARCHED, said("Larch Hill."), usage=usage)).usage.searches == 1


def test_another_tool_of_the_vendor_is_no_search():
    code = {"type": "server_tool_use", "id": "srvtoolu_2", "name": "code_execution", "input": {"query": "x"}}
    result = {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_2", "content": []}
    answer = read(reply(code, result, said("Larch Hill."), usage={}))

    assert (answer.searched, answer.queries) == (False, ())


def test_the_parts_of_a_paused_turn_are_one_answer_and_each_is_billed():
    answer = read(
        reply(*SEARCHED, said("Larch "), stop="pause_turn"),
        reply(said("Hill", LARCH), said(" it is."), usage=COUNTS | {"server_tool_use": None}, id="msg_SECOND"),
    )

    assert (answer.text, answer.vendor_id) == ("Larch Hill it is.", "msg_SECOND")
    assert answer.sources[0] == Source(LARCH, "Larch", 1, cited=True, spans=((6, 10),))
    assert (answer.usage.tokens_in, answer.usage.tokens_out, answer.usage.searches) == (248, 60, 1)


def test_a_paused_turn_is_continued_by_all_that_was_said_unchanged():
    first = reply(*SEARCHED, stop="pause_turn")
    second = reply(searching(2, "more"), found(2, []), stop="pause_turn", container={"id": "container_1"})
    body = continued(question(RUN), [first, second])

    assert body["messages"] == [
        {"role": "user", "content": "Which lender is best?"},
        {"role": "assistant", "content": first["content"] + second["content"]},
    ]
    assert body["container"] == "container_1"
    assert body["tools"] == question(RUN)["tools"]


@pytest.mark.parametrize(
    ("given", "paused"),
    [
        (reply(*SEARCHED, stop="pause_turn"), True),
        (reply(*SEARCHED), False),
        (reply(stop="pause_turn"), False),
        (reply(stop="pause_turn") | {"content": None}, False),
        ({}, False),
    ],
)
def test_a_turn_is_paused_if_it_says_so_and_has_something_to_go_on_from(given, paused):
    assert is_paused(given) is paused


@pytest.mark.parametrize(
    ("stop", "details", "words"),
    [
        ("refusal", {"type": "refusal", "category": "bio", "explanation": "No."}, "refused to answer: bio"),
        ("refusal", {"type": "refusal", "category": None, "explanation": None}, "refused to answer: no reason given"),
        ("refusal", None, "refused to answer: no reason given"),
    ],
)
def test_a_refusal_is_refused_and_says_what_it_cost(stop, details, words):
    with pytest.raises(Refused, match=words) as caught:
        read(reply(said("Larch"), stop=stop, stop_details=details))

    assert caught.value.usage == BILLED


@pytest.mark.parametrize(
    "stop",
    ["max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use", "yet_unknown", None, ["end_turn"], 1],
)
def test_an_answer_that_did_not_end_by_itself_cannot_be_used_and_says_what_it_cost(stop):
    with pytest.raises(Malformed, match="the answer is incomplete: ") as caught:
        read(reply(said("Larch Hill is"), stop=stop))

    assert caught.value.usage == BILLED


@pytest.mark.parametrize("blocks", [(), (said(""),), (said("  \n"),), (said(None),), SEARCHED])
def test_an_answer_without_a_text_cannot_be_used_and_says_what_it_cost(blocks):
    with pytest.raises(Malformed, match="the answer is empty") as caught:
        read(reply(*blocks))

    assert caught.value.usage == BILLED


def test_an_odd_block_does_not_cost_the_others():
    answer = read(reply(None, "text", said(None), said("Fir Hill is best."), {"type": "text"}, {"type": 3}, []))

    assert answer.text == "Fir Hill is best."


@pytest.mark.parametrize("content", [None, "Fir Hill is best.", 4, {}, True])
def test_content_that_is_no_list_is_empty(content):
    with pytest.raises(Malformed, match="empty"):
        read(reply() | {"content": content})


@pytest.mark.parametrize("counted", [None, True, -1, 12.5, "12", 10**12, [12]])
def test_a_count_that_no_row_can_hold_does_not_cost_the_answer(counted):
    usage = dict.fromkeys(COUNTS, counted) | {"output_tokens": 45}

    assert read(reply(said("Larch Hill."), usage=usage)).usage == Usage(tokens_out=45)


def test_the_sum_of_parts_is_one_that_a_row_can_hold():
    most = {"input_tokens": 10**9, "cache_read_input_tokens": 10**9, "output_tokens": 10**9}

    usage = read(reply(*SEARCHED, stop="pause_turn", usage=most), reply(said("Larch."), usage=most)).usage

    assert (usage.tokens_in, usage.tokens_cached, usage.tokens_out) == (10**9, 10**9, 10**9)


def test_a_completion_is_its_json():
    completion = read_completion(reply(said('{"fee": '), said("0}")))

    assert json.loads(completion.content) == {"fee": 0}
    assert (completion.model_version, completion.provider, completion.usage) == ("claude-sonnet-5", "anthropic", BILLED)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (reply(said('{"fee'), stop="max_tokens"), CutOff),
        (reply(stop="refusal"), Refused),
        (reply(), Malformed),
        (reply(said('{"fee": 0}'), stop="tool_use"), Malformed),
    ],
)
def test_a_completion_that_was_refused_or_cut_off_cannot_be_used_and_says_what_it_cost(given, error):
    with pytest.raises(error) as caught:
        read_completion(given)

    assert caught.value.usage == BILLED


def test_the_search_is_offered_with_the_place_and_limited_in_number():
    body = question(replace(RUN, region="Ontario", city="Toronto"))

    assert body["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": 5,
            "user_location": {"type": "approximate", "country": "CA", "region": "Ontario", "city": "Toronto"},
        }
    ]
    assert set(body) == {"model", "max_tokens", "messages", "tools"}


def test_a_place_has_only_what_is_known():
    (tool,) = question(RUN)["tools"]

    assert tool["user_location"] == {"type": "approximate", "country": "CA"}


def test_the_search_of_the_model_is_used():
    (tool,) = question(replace(RUN, parameters=Parameters(search_tool="web_search_20260318")))["tools"]

    assert tool["type"] == "web_search_20260318"


@pytest.mark.parametrize(
    ("parameters", "tokens"),
    [
        (Parameters(), 12_288),
        (Parameters(thinks=True), 12_288),
        (Parameters(thinks=False), 4096),
        (Parameters(thinks=True, max_output_tokens=8192), 8192),
    ],
)
def test_an_answer_leaves_room_for_thinking_unless_the_model_does_not_think(parameters, tokens):
    assert question(replace(RUN, parameters=parameters))["max_tokens"] == tokens


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters(), {"max_tokens": 10_240}),
        (Parameters(temperature=False, thinks=True), {"max_tokens": 10_240}),
        (Parameters(temperature=True, thinks=False), {"max_tokens": 2048, "temperature": 0}),
        (Parameters(thinks=False, max_output_tokens=900), {"max_tokens": 900}),
    ],
)
def test_a_reading_model_is_sent_what_it_accepts(parameters, sent):
    body = structured(PROMPT, "a-model", parameters)

    assert {
        name: body[name] for name in body if name in {"max_tokens", "temperature", "thinking", "tool_choice"}
    } == sent


def test_structured_output_is_an_output_format_with_the_lowest_effort():
    body = structured(PROMPT, "a-model", Parameters(reasoning_effort=("low", "medium", "high")))

    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"}
    assert (body["system"], body["messages"]) == ("system", [{"role": "user", "content": "user"}])


def test_a_model_without_efforts_is_asked_for_none():
    assert "effort" not in structured(PROMPT, "a-model")["output_config"]


def test_the_key_stands_in_the_vendors_own_header():
    assert headers("a-key") == {"x-api-key": "a-key", "anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(("status", "wrong"), [(401, True), (403, False)])
def test_a_key_that_may_not_do_this_is_not_a_wrong_one(status, wrong):
    assert is_wrong_key(Refused("anthropic", "no", status=status)) is wrong


def test_models_have_their_names_and_the_day_that_is_announced():
    listed = [
        {"type": "model", "id": "claude-sonnet-5-5", "lifecycle": "active", "retires_at": None},
        {"type": "model", "id": "claude-sonnet-4-5-20260101", "retires_at": "2027-02-03T00:00:00Z"},
        {"type": "model", "id": "claude-sonnet-4-5-20250929", "retires_at": "2026-11-30T00:00:00+00:00"},
        {"type": "model", "id": "claude-odd", "retires_at": "soon"},
        {"id": None},
        None,
    ]

    assert retirements({"data": listed, "has_more": False}) == {
        "claude-sonnet-5-5": None,
        "claude-sonnet-4-5-20260101": date(2027, 2, 3),
        "claude-sonnet-4-5-20250929": date(2026, 11, 30),
        "claude-sonnet-4-5": date(2027, 2, 3),
        "claude-odd": None,
    }


@pytest.mark.parametrize("given", [None, [], {}, {"data": None}, "models"])
def test_a_list_of_models_that_is_none_cannot_be_used(given):
    with pytest.raises(Malformed, match="models"):
        retirements(given)


def recorded(name):
    path = SHARED / f"anthropic-{name}.json"
    if not path.is_file():
        pytest.skip(f"no recorded replies at {SHARED}; SENSO_SHARED may say where they are")
    return json.loads(path.read_text())["response"]["body"]


def test_a_recorded_answer_is_read_whole():
    answer = read(recorded("web-search"))

    assert answer.text == (
        "According to CRAN publish records, ggplot2 1.0.0 was published on 2014-05-21.\n\n**2014-05-21**"
    )
    assert (answer.model_version, answer.searched) == ("claude-sonnet-5", True)
    assert answer.queries == ("ggplot2 1.0.0 CRAN release date",)
    assert answer.vendor_id == "msg_011CdeLWpLfpDTLH7GNWjzMP"
    assert answer.usage == Usage(
        tokens_in=4 + 11107 + 2836,
        tokens_cached=2836,
        tokens_written=11107,
        tokens_out=155,
        tokens_thinking=26,
        searches=1,
    )


def test_a_recorded_answer_has_its_sources_once_each():
    answer = read(recorded("web-search"))
    first, *others = answer.sources

    assert (first.url, first.cited, first.position) == ("https://rpkg.net/package/ggplot2", True, 1)
    assert [answer.text[start:end] for start, end in first.spans] == ["ggplot2 1.0.0 was published on 2014-05-21"]
    assert (len(others), {source.cited for source in others}) == (7, {False})
    assert all(source.title for source in answer.sources)


def test_a_recorded_completion_is_its_json():
    completion = read_completion(recorded("json-schema-output"))

    assert json.loads(completion.content) == {"temperature": 75, "units": "F"}
    assert completion.model_version == "claude-sonnet-4-5-20250929"
    assert completion.usage == Usage(tokens_in=200, tokens_out=15)


SPOILT = [None, "", 0, [], {}, True, "x" * 100_000, "Larch \ud83c Hill"]
NAMES = ["null", "empty text", "zero", "empty list", "empty object", "true", "long text", "lone surrogate"]


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*path, name))


def spoiled(whole, path, value):
    if not path:
        return value
    changed = copy.deepcopy(whole)
    at = changed
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return changed


def received(body):
    """As it comes from the vendor: as bytes, and an object in any case."""
    given = json_of("anthropic", Response(200, {}, json.dumps(body).encode()))
    if not isinstance(given, dict):
        raise Malformed("anthropic", "its answer is not a JSON object")
    return given


def read_spoiled(body):
    first = received(body)
    readings = (lambda: read_completion(first), lambda: read(first), lambda: read_continued(first))
    return [attempt(reading) for reading in readings]


def read_continued(first):
    continued(question(RUN), [first])
    return read(first, reply(said("And more.", FIR)))


def attempt(reading):
    try:
        return reading()
    except OutsideError as error:
        return error


def hold(read):
    """What the rest of the product relies on."""
    assert all(type(count) is int and 0 <= count <= 10**9 for count in counts_of(read.usage))
    if isinstance(read, Answer):
        hold_answer(read)
    elif isinstance(read, OutsideError):
        assert len(read.reason) < 200
    else:
        assert read.content.strip()


def hold_answer(answer):
    assert answer.text.strip()
    assert answer.text.encode()
    assert all(0 <= start < end <= len(answer.text) for source in answer.sources for start, end in source.spans)
    assert [source.position for source in answer.sources] == list(range(1, len(answer.sources) + 1))
    assert all(source.url.startswith("http") for source in answer.sources)


def counts_of(usage):
    return (usage.tokens_in, usage.tokens_cached, usage.tokens_written, usage.tokens_out, usage.searches)


FAILED = reply(searching(1, "x"), failed(1, "unavailable"), said("Larch Hill.", LARCH), stop="max_tokens")
PAUSED = reply(*SEARCHED, stop="pause_turn", container={"id": "container_1", "expires_at": "2026-11-29T00:00:00Z"})
REFUSED = reply(stop="refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "No."})


@pytest.mark.parametrize("value", SPOILT, ids=NAMES)
@pytest.mark.parametrize("whole", [CITED, FAILED, PAUSED, REFUSED], ids=["cited", "failed", "paused", "refused"])
def test_whatever_stands_in_place_of_a_value_nothing_but_our_errors_comes_of_it(whole, value):
    for path in places(whole):
        try:
            answers = read_spoiled(spoiled(whole, path, value))
        except Malformed:
            assert path == ()
            continue
        for answer in answers:
            hold(answer)


@pytest.mark.parametrize("value", SPOILT, ids=NAMES)
@pytest.mark.parametrize("name", ["web-search", "json-schema-output"])
def test_a_recorded_reply_with_a_value_in_place_of_another_is_read_or_is_our_error(name, value):
    whole = recorded(name)
    for path in list(places(whole))[1:]:
        for answer in read_spoiled(spoiled(whole, path, value)):
            hold(answer)


@pytest.mark.parametrize("value", SPOILT, ids=NAMES)
def test_an_odd_entry_in_the_list_of_models_does_not_cost_the_others(value):
    whole = {"data": [{"type": "model", "id": "claude-a", "retires_at": "2027-01-22T00:00:00Z"}, {"id": "claude-b"}]}
    for path in list(places(whole))[2:]:
        assert retirements(received(spoiled(whole, path, value)))
