import json
from dataclasses import replace
from pathlib import Path

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from senso.errors import CutOff, Malformed, Refused, Unavailable
from senso.providers import Parameters, Prompt, Run, Source, Usage
from senso.providers.openai.direct import SERVICE
from senso.providers.wire.openai import question, read_answer, read_completion, structured

WRITTEN = Path(__file__).parents[1] / "replies" / "openai"
# Whole, as the vendor sends them; the others leave out what nobody reads, or have what the vendor should not send.
WHOLE = ["cited-answer", "searched-nothing-cited", "incomplete-max-output-tokens", "structured-answer"]
WHOLE += ["chat-structured", "chat-refusal", "chat-length", "chat-cached-tokens", "chat-silent", "chat-content-filter"]
RUN = Run(7, "Which bank is best for students?", "gpt-4.1", "CA")
CITED = Source("https://example.com/a?utm_source=openai", "Student accounts", 1, cited=True, spans=((14, 69),))


def written(name):
    return json.loads((WRITTEN / f"{name}.json").read_text())["body"]


def test_an_answer_keeps_its_citations_in_their_order_and_says_where_each_stands():
    answer = read_answer(SERVICE, RUN, written("cited-answer"))

    assert [source.position for source in answer.sources] == [1, 2, 3]
    assert all(source.cited for source in answer.sources)
    assert answer.sources[0].title == "Student account fees compared – Example Money"
    assert [(source.url, source.spans) for source in answer.sources] == [
        ("https://www.example.com/money/student-fees?utm_source=openai", ((100, 177), (513, 590))),
        ("https://guide.example.org/banking/students?lang=en&utm_source=openai", ((230, 321), (632, 723))),
        ("https://m.maplebank.example/accounts/student?utm_source=openai", ((391, 478),)),
    ]


def test_an_answer_tells_its_model_text_search_and_tokens():
    answer = read_answer(SERVICE, RUN, written("cited-answer"))

    assert (answer.number, answer.model_version, answer.searched) == (7, "gpt-4.1-2025-04-14", True)
    assert answer.text.startswith("Three banks stand out for students in Ontario:\n\n1. **Maple Bank**")
    assert "**Côte d’Or Trust** has the most branches – but asks 4\u202f$" in answer.text
    assert answer.usage == Usage(tokens_in=8123, tokens_cached=1024, tokens_out=214, searches=1)


def test_a_searched_answer_without_citations_is_an_answer():
    answer = read_answer(SERVICE, RUN, written("searched-nothing-cited"))

    assert (answer.searched, answer.sources) == (True, ())
    assert answer.text.endswith("- Sunday: closed")
    assert answer.usage == Usage(tokens_in=7310, tokens_cached=6912, tokens_out=402, tokens_thinking=320, searches=1)


def test_an_answer_that_was_cut_off_cannot_be_used_and_says_what_it_cost():
    with pytest.raises(CutOff, match="incomplete: max_output_tokens") as caught:
        read_answer(SERVICE, RUN, written("incomplete-max-output-tokens"))

    assert caught.value.usage == Usage(tokens_in=17, tokens_out=16)


def test_a_structured_answer_is_text_that_searched_nothing():
    answer = read_answer(SERVICE, RUN, written("structured-answer"))

    assert json.loads(answer.text)["fee"] == {"amount": 0, "currency": "CAD"}
    assert (answer.searched, answer.sources, answer.usage.searches) == (False, (), 0)


def test_a_structured_completion_is_its_json():
    completion = read_completion(SERVICE, written("chat-structured"))

    assert json.loads(completion.content) == {"bank": "Maple Bank", "fee": {"amount": 0, "currency": "CAD"}}
    assert completion.model_version == "gpt-4.1-mini-2025-04-14"
    assert completion.usage == Usage(tokens_in=131, tokens_out=18)


def test_a_refused_completion_is_refused_and_says_what_it_cost():
    with pytest.raises(Refused, match="refused to read") as caught:
        read_completion(SERVICE, written("chat-refusal"))

    assert caught.value.usage == Usage(tokens_in=71, tokens_out=12)


def test_a_completion_that_was_cut_off_cannot_be_used_and_says_what_it_cost():
    with pytest.raises(CutOff, match="length") as caught:
        read_completion(SERVICE, written("chat-length"))

    assert caught.value.usage == Usage(tokens_in=17, tokens_out=16)


def test_cached_tokens_are_a_part_of_those_that_went_in():
    usage = read_completion(SERVICE, written("chat-cached-tokens")).usage

    assert usage == Usage(tokens_in=2911, tokens_cached=2816, tokens_out=9)


def test_searches_and_reasoning_may_stand_before_the_message():
    answer = read_answer(SERVICE, RUN, written("several-searches"))

    assert answer.text.startswith("Bank A leads")
    assert (answer.searched, answer.sources) == (True, (CITED,))


def test_only_searches_are_billed_not_the_pages_opened():
    assert read_answer(SERVICE, RUN, written("several-searches")).usage.searches == 2


def test_sources_that_no_sentence_refers_to_come_as_offered_after_the_cited():
    first, *others = read_answer(SERVICE, RUN, written("offered-sources")).sources

    assert first == CITED
    assert Source("https://example.org/b", None, 3, cited=False) in others
    assert not any(source.cited for source in others)


def test_a_search_without_annotations_is_an_answer_without_sources():
    answer = read_answer(SERVICE, RUN, written("no-annotations"))

    assert (answer.text, answer.searched, answer.sources) == ("Bank A leads.", True, ())


def test_an_answer_without_a_search_says_so():
    answer = read_answer(SERVICE, RUN, written("no-search"))

    assert (answer.searched, answer.usage.searches) == (False, 0)


def test_counts_that_are_absent_are_zero():
    assert read_answer(SERVICE, RUN, written("no-cache-write-tokens")).usage == Usage(tokens_in=17391, tokens_out=45)


@pytest.mark.parametrize("said", [None, True, -1, 12.5, "12", 10**12, [12]])
def test_a_count_that_no_row_can_hold_does_not_cost_the_answer(said):
    body = written("no-cache-write-tokens")
    body["usage"] = {"input_tokens": said, "input_tokens_details": said, "output_tokens": 45}

    assert read_answer(SERVICE, RUN, body).usage == Usage(tokens_out=45)


def test_parts_of_a_text_are_joined():
    answer = read_answer(SERVICE, RUN, written("two-messages"))

    assert answer.text == "Bank A leads, then Bank B."
    assert answer.sources == (Source("https://example.com/b", "B", 1, cited=True, spans=((14, 17),)),)


def test_a_response_that_failed_may_be_tried_again():
    with pytest.raises(Unavailable, match="server_error"):
        read_answer(SERVICE, RUN, written("failed"))


def test_a_refusal_inside_a_completed_response_is_refused_and_says_what_it_cost():
    with pytest.raises(Refused) as caught:
        read_answer(SERVICE, RUN, written("refusal"))

    assert caught.value.usage == Usage(tokens_in=100, tokens_out=20)


def test_an_answer_that_was_filtered_is_incomplete():
    with pytest.raises(Malformed, match="content_filter"):
        read_answer(SERVICE, RUN, written("incomplete-content-filter"))


@pytest.mark.parametrize("body", [{}, {"output": []}, {"output": None, "usage": None}, {"status": "queued"}])
def test_a_response_without_a_text_cannot_be_used(body):
    with pytest.raises(Malformed, match="empty") as caught:
        read_answer(SERVICE, RUN, body)

    assert caught.value.usage == Usage()


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("chat-silent", Usage(tokens_in=50, tokens_out=64, tokens_thinking=64)),
        ("chat-content-filter", Usage(tokens_in=50, tokens_out=5)),
    ],
)
def test_a_completion_that_did_not_end_by_itself_cannot_be_used(name, usage):
    with pytest.raises(Malformed) as caught:
        read_completion(SERVICE, written(name))

    assert caught.value.usage == usage


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": None}, {"choices": [{"index": 0}]}])
def test_a_completion_without_a_message_cannot_be_used(body):
    with pytest.raises(Malformed, match="no message"):
        read_completion(SERVICE, body)


@pytest.mark.parametrize(
    ("region", "city", "location"),
    [
        (None, None, {"type": "approximate", "country": "CA"}),
        ("Ontario", None, {"type": "approximate", "country": "CA", "region": "Ontario"}),
        ("Ontario", "Toronto", {"type": "approximate", "country": "CA", "region": "Ontario", "city": "Toronto"}),
    ],
)
def test_the_location_is_flat_and_holds_only_what_is_known(region, city, location):
    (tool,) = question(Run(7, "Which?", "gpt-4.1", "CA", region, city))["tools"]

    assert tool == {"type": "web_search", "user_location": location}


def test_nothing_is_stored_at_the_vendor():
    assert question(RUN)["store"] is False


def test_the_sources_that_were_offered_are_asked_for():
    assert question(RUN)["include"] == ["web_search_call.action.sources"]


def test_structured_output_is_strict_and_counts_tokens_as_new_models_want_it():
    body = structured(Prompt("system", "user", "reading", {"type": "object"}), "gpt-4.1-mini")

    assert body["response_format"]["json_schema"] == {"name": "reading", "strict": True, "schema": {"type": "object"}}
    assert "max_tokens" not in body


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters(), {"max_completion_tokens": 6144}),
        (Parameters(thinks=False), {"max_completion_tokens": 2048}),
        (Parameters(temperature=True, max_output_tokens=900), {"temperature": 0, "max_completion_tokens": 900}),
        (
            Parameters(temperature=False, reasoning_effort=("none", "low"), max_output_tokens=128_000),
            {"reasoning_effort": "none", "max_completion_tokens": 2048},
        ),
    ],
)
def test_a_reading_model_is_sent_what_it_accepts(parameters, sent):
    body = structured(Prompt("system", "user", "reading", {"type": "object"}), "a-model", parameters)

    assert {name: body[name] for name in body if name not in {"model", "messages", "response_format"}} == sent


def test_no_more_output_is_asked_for_than_a_model_gives():
    assert question(RUN)["max_output_tokens"] == 8192
    assert question(replace(RUN, parameters=Parameters(thinks=False)))["max_output_tokens"] == 4096
    assert question(replace(RUN, parameters=Parameters(max_output_tokens=900)))["max_output_tokens"] == 900


@pytest.mark.parametrize("path", sorted(WRITTEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_reply_written_by_us_says_so(path):
    assert json.loads(path.read_text())["written"].startswith("by hand, to documented facts: ")


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_reply_written_by_us_has_the_form_that_the_vendor_s_own_library_expects(name):
    form = ChatCompletion if name.startswith("chat-") else Response

    assert form.model_validate(written(name)).model_dump(exclude_unset=True)["model"].startswith("gpt-")


def test_a_citation_written_by_us_says_where_its_link_stands():
    ((text, notes),) = [
        (part["text"], part["annotations"])
        for item in written("cited-answer")["output"]
        for part in item.get("content", [])
    ]

    for note in notes:
        host = note["url"].split("/")[2].removeprefix("www.")
        assert text[note["start_index"] : note["end_index"]] == f"([{host}]({note['url']}))"
