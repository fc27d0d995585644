import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from senso.errors import CutOff, Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.providers import Answer, Completion, Parameters, Prompt, Run, Source, Usage
from senso.providers.perplexity import is_wrong_key, question, read_answer, read_completion, structured

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
RUN = Run(7, "Which bank is best for students?", "perplexity/sonar", "CA")
PROMPT = Prompt("Read it.", "A text.", "reading", {"type": "object"})
ODD = (None, "", 0, [], {}, True, "x" * 100_000, "\ud800")

TOLD = "**Maple Bank** charges nothing 🍁.[2] **Côte d'Or Trust** has most branches.[1][2]"
PAGES = [
    {"id": 1, "source": "web", "title": "Branches compared", "url": "https://a.example/branches", "snippet": "…"},
    {"id": 2, "source": "web", "title": "Student accounts", "url": "https://b.example/students", "date": "2026-03-01"},
    {"id": 3, "source": "web", "title": "All banks", "url": "https://c.example/", "last_updated": "2026-09-22"},
]
BILLED = {
    "input_tokens": 3007,
    "input_tokens_details": {
        "cache_creation_input_tokens": 1224,
        "cache_read_input_tokens": 1780,
        "cached_tokens": 1780,
    },
    "output_tokens": 36,
    "output_tokens_details": {"reasoning_tokens": 12},
    "total_tokens": 3043,
    "tool_calls_details": {"search_web": {"invocation": 1, "cost_usd": 0.001}},
    "cost": {"currency": "USD", "input_cost": 0, "output_cost": 0.00002, "total_cost": 0.00119},
}
COST = Usage(
    tokens_in=3007,
    tokens_cached=1780,
    tokens_written=1224,
    tokens_out=36,
    tokens_thinking=12,
    searches=1,
    cost_microusd=1190,
)


def part(text, annotations=()):
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


def message(*parts):
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": list(parts)}


def search(pages=PAGES, queries=("best student bank account",)):
    return {"type": "search_results", "queries": list(queries), "results": list(pages)}


def reply(*output, **changed):
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "perplexity/sonar",
        "output": list(output) or [search(), message(part(TOLD))],
        "usage": BILLED,
        **changed,
    }


def recorded(name):
    path = SHARED / "recorded" / f"perplexity-{name}.json"
    if not path.is_file():
        pytest.skip(f"no recorded reply at {path}; SENSO_SHARED may say where they are")
    return json.loads(path.read_text())["response"]


def test_a_reply_becomes_an_answer_with_all_that_the_vendor_says_of_it():
    assert read_answer(RUN, reply()) == Answer(
        number=7,
        text=TOLD,
        model_version="perplexity/sonar",
        searched=True,
        sources=(
            Source("https://a.example/branches", "Branches compared", 1, cited=True, spans=((75, 78),)),
            Source("https://b.example/students", "Student accounts", 2, cited=True, spans=((33, 36), (78, 81))),
            Source("https://c.example/", "All banks", 3, cited=False),
        ),
        usage=COST,
        queries=("best student bank account",),
        vendor_id="resp_1",
        reply={"usage": reply()["usage"]},
    )


def test_a_span_covers_its_mark_in_characters_of_the_whole_text():
    answer = read_answer(RUN, reply(search(), message(part("🍁🍁 Fine.")), message(part("Good.[3]"))))

    ((start, end),) = answer.sources[2].spans
    assert answer.text == "🍁🍁 Fine.\n\nGood.[3]"
    assert answer.text[start:end] == "[3]"


def test_a_mark_may_name_the_kind_of_its_source():
    answer = read_answer(RUN, reply(search(), message(part("Good. [web:3] Fine. [web:1]"))))

    assert [source.cited for source in answer.sources] == [True, False, True]
    assert answer.sources[2].spans == ((6, 13),)


@pytest.mark.parametrize("told", ["Good.[9]", "In [2026] it was good.", "Good.[]", "Good.[a]", "Good.[1", "Good.[٣]"])
def test_what_is_no_mark_of_a_result_cites_nothing(told):
    assert not any(source.cited for source in read_answer(RUN, reply(search(), message(part(told)))).sources)


def test_annotations_cite_where_there_are_any():
    note = {"type": "url_citation", "url": "https://c.example/", "title": "All", "start_index": 0, "end_index": 5}
    other = {"type": "url_citation", "url": "https://d.example/", "title": "D", "start_index": 6, "end_index": 600}
    answer = read_answer(RUN, reply(search(), message(part("Good. Fine.[1]", [note, other]))))

    assert answer.sources[0] == Source(
        "https://a.example/branches", "Branches compared", 1, cited=True, spans=((11, 14),)
    )
    assert answer.sources[2] == Source("https://c.example/", "All banks", 3, cited=True, spans=((0, 5),))
    assert answer.sources[3] == Source("https://d.example/", "D", 4, cited=True)


def test_a_page_that_several_searches_bring_is_one_source():
    again = {"id": 11, "url": "https://a.example/branches", "title": "Again"}
    answer = read_answer(RUN, reply(search(), search([again], ["more"]), message(part("A.[1] B.[11]"))))

    assert [source.url for source in answer.sources] == [page["url"] for page in PAGES]
    assert answer.sources[0].spans == ((2, 5), (8, 12))
    assert answer.queries == ("best student bank account", "more")


def test_a_number_that_two_pages_have_is_the_first_ones():
    again = {"id": 1, "url": "https://d.example/", "title": "D"}
    answer = read_answer(RUN, reply(search(), search([again]), message(part("A.[1]"))))

    assert [source.url for source in answer.sources if source.cited] == ["https://a.example/branches"]


def test_a_page_may_be_an_address_by_itself():
    answer = read_answer(
        RUN, reply(search(["https://a.example/x", None, 7, {"url": "ftp://b"}]), message(part("Good.")))
    )

    assert answer.sources == (Source("https://a.example/x", None, 1, cited=False),)


def test_messages_are_apart_and_the_parts_of_one_are_not():
    answer = read_answer(
        RUN, reply(message(part("Here is"), part(" what I found")), message(part("Larch Hill is best.")))
    )

    assert answer.text == "Here is what I found\n\nLarch Hill is best."


def test_a_part_that_is_null_does_not_cost_the_others():
    assert read_answer(RUN, reply(message(part(None), part("Fir Hill is best.")), None)).text == "Fir Hill is best."


def test_items_that_nobody_knows_are_left_out():
    fetched = {"type": "fetch_url_results", "contents": [{"url": "https://z.example/", "title": "Z", "snippet": "…"}]}
    answer = read_answer(RUN, reply(search(), fetched, {"type": "news"}, message(part("Good.[1]"))))

    assert len(answer.sources) == 3


def test_a_model_that_did_not_search_says_so_and_has_no_sources():
    counts = {"input_tokens": 37, "output_tokens": 429, "cost": {"currency": "USD", "total_cost": 0.00021}}
    answer = read_answer(RUN, reply(message(part("I do not know.")), usage=counts))

    assert (answer.searched, answer.sources, answer.queries) == (False, (), ())
    assert answer.usage == Usage(tokens_in=37, tokens_out=429, cost_microusd=210)


def test_a_search_that_brought_nothing_was_a_search():
    answer = read_answer(RUN, reply(message(part("Nothing found."))))

    assert (answer.searched, answer.sources) == (True, ())


def test_searches_that_are_not_counted_are_those_that_are_shown():
    answer = read_answer(RUN, reply(search(), search(), message(part("Good.")), usage={"input_tokens": 5}))

    assert answer.usage == Usage(tokens_in=5, searches=2)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"status": "failed"}, Unavailable, "the run failed: no reason given"),
        ({"status": "failed", "error": {"type": "internal_error", "code": 500}}, Unavailable, "internal_error"),
        ({"status": "failed", "error": {"type": "odd", "code": "odd"}}, Unavailable, "the run failed: odd"),
        ({"status": "failed", "error": {"type": "invalid_request", "code": 400}}, Refused, "invalid_request"),
        ({"status": "failed", "error": {"type": "odd", "code": 422}}, Refused, "odd"),
        ({"status": "failed", "error": {"code": "insufficient_quota"}}, Refused, "insufficient_quota"),
        ({"status": "failed", "error": {"type": "request_rate_limit_exceeded"}}, RateLimited, "rate_limit"),
        ({"status": "failed", "error": {"code": 429}}, RateLimited, "no reason given"),
        ({"status": "failed", "error": "it broke"}, Unavailable, "no reason given"),
        ({"status": "cancelled", "error": {"code": "cancelled"}}, Unavailable, "the run was cancelled: cancelled"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            CutOff,
            "max_output_tokens",
        ),
        ({"status": "in_progress"}, Malformed, "the answer is in_progress"),
        ({"status": "requires_action"}, Malformed, "the answer is requires_action"),
        ({"status": "completed"}, Malformed, "the answer is empty"),
        ({"status": None}, Malformed, "the answer is empty"),
    ],
)
def test_a_run_without_output_is_the_error_that_its_status_and_code_say(changed, error, words):
    with pytest.raises(error, match=words) as caught:
        read_answer(RUN, reply() | {"output": []} | changed)

    assert type(caught.value) is error
    assert caught.value.usage == replace(COST, searches=1)


def test_an_answer_that_was_cut_off_is_none_even_if_some_of_it_came():
    with pytest.raises(CutOff, match="incomplete: max_output_tokens"):
        read_answer(RUN, reply(status="incomplete", incomplete_details={"reason": "max_output_tokens"}))


def test_a_refusal_in_place_of_the_text_is_refused_and_says_what_it_cost():
    with pytest.raises(Refused) as caught:
        read_answer(RUN, reply(message({"type": "refusal", "refusal": "I cannot."})))

    assert caught.value.usage == COST


@pytest.mark.parametrize("told", ["", " \n", None])
def test_an_answer_without_words_cannot_be_used_and_says_what_it_cost(told):
    with pytest.raises(Malformed, match="empty") as caught:
        read_answer(RUN, reply(search(), message(part(told))))

    assert caught.value.usage == COST


def test_a_reason_is_short():
    with pytest.raises(Malformed) as caught:
        read_answer(RUN, reply(status="incomplete", incomplete_details={"reason": "x" * 100_000}))

    assert len(caught.value.reason) < 200


def test_structured_output_is_the_text_of_the_same_reply():
    completion = read_completion(reply(message(part('{"mentioned": true}'))))

    assert (completion.content, completion.model_version) == ('{"mentioned": true}', "perplexity/sonar")
    assert (completion.usage, completion.provider) == (COST, "perplexity")


def test_the_reply_of_the_ended_api_cannot_be_used_and_says_what_it_cost():
    with pytest.raises(Malformed, match="the answer is empty") as caught:
        read_answer(RUN, recorded("sonar-cost-search-results")["body"])

    assert caught.value.usage == Usage(cost_microusd=5000)


@pytest.mark.parametrize(("region", "city"), [(None, None), ("Ontario", None), ("Ontario", "Toronto")])
def test_a_search_is_demanded_at_the_place_that_is_known(region, city):
    body = question(replace(RUN, region=region, city=city))

    place = {"country": "CA", "region": region, "city": city}
    assert body == {
        "model": "perplexity/sonar",
        "input": RUN.question,
        "tools": [{"type": "web_search", "user_location": {name: value for name, value in place.items() if value}}],
        "tool_choice": {"type": "web_search"},
        "max_output_tokens": 8192,
        "store": False,
    }


@pytest.mark.parametrize(
    ("parameters", "changed"),
    [
        (Parameters(forced_tool=False), {"tool_choice": None}),
        (Parameters(max_output_tokens=900), {"max_output_tokens": 900}),
        (Parameters(thinks=False), {"max_output_tokens": 4096}),
        (Parameters(reasoning_effort=("low", "high")), {"reasoning": {"effort": "low"}}),
        (Parameters(reasoning_effort=("none", "low")), {"max_output_tokens": 4096, "reasoning": {"effort": "none"}}),
    ],
)
def test_a_question_carries_nothing_that_its_model_refuses(parameters, changed):
    body = question(replace(RUN, parameters=parameters))

    plain = question(RUN)
    assert {name: body.get(name) for name in body | plain if body.get(name) != plain.get(name)} == changed


def test_the_schema_stands_at_the_top_and_is_strict():
    assert structured(PROMPT, "perplexity/sonar", Parameters(thinks=False, temperature=True)) == {
        "model": "perplexity/sonar",
        "instructions": "Read it.",
        "input": "A text.",
        "max_output_tokens": 2048,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reading", "schema": {"type": "object"}, "strict": True},
        },
        "temperature": 0,
        "store": False,
    }


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters(), False),
        (Parameters(temperature=False), False),
        (Parameters(reasoning_effort=("low",)), False),
        (Parameters(reasoning_effort=("none",), temperature=True), True),
    ],
)
def test_a_model_that_may_refuse_a_temperature_is_sent_none(parameters, sent):
    assert ("temperature" in structured(PROMPT, "openai/gpt-6-luna", parameters)) is sent


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("invalid_api_key", True),
        ("forbidden", True),
        (None, True),
        ("insufficient_quota", False),
        ("chat_completions_not_available", False),
        ("agent_api_migration_required", False),
    ],
)
def test_only_some_refusals_speak_of_the_key(code, wrong):
    error = Refused("perplexity", "No.", status=401)
    error.body = {"error": {"message": "No.", "type": code, "code": 401}}

    assert is_wrong_key(error) is wrong


def mutated(value):
    """The value with each part of it, at any depth, replaced by each odd one."""
    yield from ODD
    if isinstance(value, dict | list):
        for place, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            for odd in mutated(inner):
                changed = copy.copy(value)
                changed[place] = odd
                yield changed


NOTED = part("Good.[1]", [{"type": "url_citation", "url": "https://a.example/", "start_index": 0, "end_index": 5}])
REPLIES = {
    "answer": reply(search(PAGES[:2]), message(part(TOLD))),
    "annotations": reply(search(PAGES[:1]), message(NOTED), message(part("Fine."))),
    "incomplete": reply(status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    "failed": reply(status="failed", error={"type": "internal_error", "code": "internal_error", "message": "No."}),
    "refusal": reply(message({"type": "refusal", "refusal": "I cannot."})),
}


def outcome(read, body):
    try:
        return read(body)
    except OutsideError as error:
        return error


@pytest.mark.parametrize("read", [lambda body: read_answer(RUN, body), read_completion], ids=["answer", "completion"])
@pytest.mark.parametrize("name", REPLIES)
def test_nothing_that_a_reply_may_hold_raises_anything_but_our_errors(name, read):
    found = [outcome(read, body) for body in mutated(REPLIES[name]) if isinstance(body, dict)]

    assert len(found) > 200
    assert all(isinstance(one.usage, Usage) for one in found)
    assert all(one.text.strip() for one in found if isinstance(one, Answer))
    assert all(one.content.strip() for one in found if isinstance(one, Completion))
