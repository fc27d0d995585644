import copy
import json
import os
from datetime import date
from pathlib import Path

import pytest

from senso.errors import CutOff, Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.providers import Answer, Completion, Parameters, Prompt, Run, Source, Usage
from senso.providers.gemini import (
    is_wrong_key,
    question,
    read_answer,
    read_completion,
    retirements,
    structured,
    with_details,
)

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
recorded_only = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recorded answers at {SHARED}")

MODEL = "gemini-3.8-flash"
RUN = Run(7, "Which bank is best for students?", MODEL, "CA", "Ontario", "Toronto")
PROMPT = Prompt("Read.", "A text.", "reading", {"type": "object", "properties": {}, "additionalProperties": False}, 900)
REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
COUNTS = {
    "promptTokenCount": 30,
    "toolUsePromptTokenCount": 100,
    "cachedContentTokenCount": 20,
    "candidatesTokenCount": 50,
    "thoughtsTokenCount": 200,
    "totalTokenCount": 380,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 30}],
}
BILLED = Usage(tokens_in=130, tokens_cached=20, tokens_out=250, tokens_thinking=200, searches=1)
ODD = [None, "", 0, [], {}, True, "x" * 100_000, "\ud800"]


def parts(*texts):
    return [{"text": one} for one in texts]


def reply(*texts, grounding=None, ending="STOP", **more):
    candidate = {"content": {"parts": parts(*texts), "role": "model"}, "finishReason": ending, "index": 0}
    candidate |= {"groundingMetadata": grounding} if grounding else {}
    return {"candidates": [candidate], "usageMetadata": COUNTS, "modelVersion": MODEL, "responseId": "made-up"} | more


def grounded(*supports, pages=("a.example", "b.example"), queries=("best bank",)):
    return {
        "groundingChunks": [{"web": {"uri": REDIRECT + page, "title": page}} for page in pages],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": numbers} for segment, *numbers in supports],
        "webSearchQueries": list(queries),
    }


def spans(answer):
    return [source.spans for source in answer.sources]


def recorded(name):
    return json.loads((SHARED / "recorded" / f"gemini-{name}.json").read_text())["response"]["body"]


@pytest.mark.parametrize(
    ("text", "segment", "span"),
    [
        ("Maple leads.", {"endIndex": 12, "text": "Maple leads."}, (0, 12)),
        ("Maple leads. Birch follows.", {"startIndex": 13, "endIndex": 27, "text": "Birch follows."}, (13, 27)),
        ("Érable mène. Bouleau suit.", {"startIndex": 15, "endIndex": 28, "text": "Bouleau suit."}, (13, 26)),
        ("🌲 leads. 星河 follows.", {"startIndex": 12, "endIndex": 27, "text": "星河 follows."}, (9, 20)),
        ("🌲 leads. 星河 follows.", {"startIndex": 12, "endIndex": 27}, (9, 20)),
    ],
)
def test_positions_in_bytes_become_positions_of_characters(text, segment, span):
    answer = read_answer(RUN, reply(text, grounding=grounded((segment, 0))))

    assert answer.sources[0].spans == (span,)
    assert text[slice(*span)] == segment.get("text", text[slice(*span)])


@pytest.mark.parametrize(
    "segment",
    [
        {"startIndex": 1, "endIndex": 6},  # within the tree
        {"startIndex": 0, "endIndex": 900},
        {"startIndex": 9, "endIndex": 3},
        {"startIndex": -1, "endIndex": 3},
        {"startIndex": "0", "endIndex": 4.0},
        {"partIndex": 3, "endIndex": 4},
        {"partIndex": [0], "endIndex": 4},
        {"text": "Nowhere"},
        {"text": "leads"},  # twice
        {},
        None,
    ],
)
def test_a_page_is_cited_although_it_is_not_found_where(segment):
    answer = read_answer(RUN, reply("🌲 leads, Maple leads.", grounding=grounded((segment, 1))))

    assert [source.cited for source in answer.sources] == [False, True]
    assert spans(answer) == [(), ()]


def test_a_position_is_in_its_own_part():
    told = reply("Maple leads. ", "Birch follows.", grounding=grounded(({"partIndex": 1, "endIndex": 14}, 0)))

    assert read_answer(RUN, told).sources[0].spans == ((13, 27),)


def test_a_segment_of_a_part_that_is_not_named_is_found_by_its_text():
    segment = {"startIndex": 0, "endIndex": 12, "text": "Maple leads."}
    answer = read_answer(RUN, reply("I will look.", "Maple leads.", grounding=grounded((segment, 0))))

    assert answer.text == "I will look.\n\nMaple leads."
    assert answer.sources[0].spans == ((14, 26),)


def test_pages_keep_their_order_and_those_that_no_sentence_refers_to_are_offered():
    supports = [({"endIndex": 12}, 2), ({"startIndex": 13, "endIndex": 27}, 2, 0)]
    metadata = grounded(*supports, pages=("a.example", "b.example", "c.example"))
    answer = read_answer(RUN, reply("Maple leads. Birch follows.", grounding=metadata))

    assert answer.sources == (
        Source(f"{REDIRECT}a.example", "a.example", 1, cited=True, spans=((13, 27),)),
        Source(f"{REDIRECT}b.example", "b.example", 2, cited=False),
        Source(f"{REDIRECT}c.example", "c.example", 3, cited=True, spans=((0, 12), (13, 27))),
    )


def test_odd_pages_are_left_out_and_still_count():
    metadata = grounded(({"endIndex": 5}, 4))
    metadata["groundingChunks"] = [None, "https://x.example", {"web": None}, {"web": {"uri": "ftp://x.example"}}]
    metadata["groundingChunks"] += [{"web": {"uri": "https://a.example/", "title": ""}}]

    answer = read_answer(RUN, reply("Maple leads.", grounding=metadata))

    assert answer.sources == (Source("https://a.example/", None, 1, cited=True, spans=((0, 5),)),)


@pytest.mark.parametrize("numbers", [None, "0", [True], ["0"], [-1], [7], [None], [[0]]])
def test_a_number_of_no_page_refers_to_none(numbers):
    metadata = grounded()
    metadata["groundingSupports"] = [{"segment": {"endIndex": 5}, "groundingChunkIndices": numbers}, None, "text"]

    answer = read_answer(RUN, reply("Maple leads.", grounding=metadata))

    assert [source.cited for source in answer.sources] == [False, False]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["Here is what I found", "Larch Hill is cheapest."], "Here is what I found\n\nLarch Hill is cheapest."),
        (["Larch ", "Hill is cheapest."], "Larch Hill is cheapest."),
        (["Larch", " Hill is cheapest."], "Larch Hill is cheapest."),
        (["I look.\n", "Larch Hill."], "I look.\nLarch Hill."),
        (["Lar", "ch Hill."], "Larch Hill."),
        (["Larch Hill", ", then Vantry."], "Larch Hill, then Vantry."),
        (["Larch Hill leads", "."], "Larch Hill leads."),
        (["星河", "银行领先。"], "星河银行领先。"),
        (["These lead:", "**Larch Hill**"], "These lead:\n\n**Larch Hill**"),
        ([None, "", "Larch Hill."], "Larch Hill."),
    ],
)
def test_messages_stay_apart_and_a_sentence_in_two_parts_does_not(texts, told):
    assert read_answer(RUN, reply(*texts)).text == told


def test_thoughts_are_no_part_of_the_answer():
    body = reply("Maple leads.")
    body["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me think.", "thought": True})
    body["candidates"][0]["content"]["parts"].append({"text": "", "thoughtSignature": "c2ln"})

    assert read_answer(RUN, body).text == "Maple leads."


def test_thoughts_count_as_output_and_what_tools_brought_as_input():
    answer = read_answer(RUN, reply("Maple leads.", grounding=grounded()))

    assert answer.usage == BILLED


@pytest.mark.parametrize(
    ("asked", "answered", "searches"),
    [
        (MODEL, MODEL, 2),
        ("gemini-2.5-flash", "gemini-2.5-flash", 1),
        ("gemini-2.5-flash", "models/gemini-2.5-flash-001", 1),
        ("gemini-2.5-flash", "gemini-3.5-flash-lite", 2),
        ("gemini-2.5-flash", None, 1),
        (MODEL, None, 2),
        ("gemini-4-hydrogen", "senso-sandbox/gemini-4-hydrogen", 2),
    ],
)
def test_searches_are_billed_by_the_rule_of_the_model_that_answered(asked, answered, searches):
    metadata = grounded(queries=("", "best bank", "bank fees", "best bank", " "))
    answer = read_answer(Run(7, "Who?", asked, "CA"), reply("Maple.", grounding=metadata, modelVersion=answered))

    assert (answer.usage.searches, answer.model_version) == (searches, answered)
    assert answer.queries == ("best bank", "bank fees")


@pytest.mark.parametrize(
    ("metadata", "tool_tokens", "searched"),
    [
        (None, 0, False),
        ({}, 0, False),
        (None, 90, None),
        ({"webSearchQueries": ["best bank"]}, 0, True),
        ({"webSearchQueries": [""]}, 0, False),
        ({"groundingChunks": [{"web": {"uri": "https://a.example", "title": "a.example"}}]}, 90, True),
    ],
)
def test_whether_it_searched_is_told_by_the_metadata(metadata, tool_tokens, searched):
    counts = COUNTS | {"toolUsePromptTokenCount": tool_tokens}

    assert read_answer(RUN, reply("Maple.", grounding=metadata, usageMetadata=counts)).searched is searched


def test_an_answer_has_the_vendors_id_and_no_country():
    answer = read_answer(RUN, reply("Maple leads."))

    assert (answer.number, answer.vendor_id, answer.country) == (7, "made-up", None)


@pytest.mark.parametrize(
    ("ending", "error", "words"),
    [
        ("SAFETY", Refused, "refused to answer: SAFETY"),
        ("RECITATION", Refused, "refused to answer: RECITATION"),
        ("PROHIBITED_CONTENT", Refused, "refused to answer: PROHIBITED_CONTENT"),
        ("LANGUAGE", Refused, "refused to answer: LANGUAGE"),
        ("MAX_TOKENS", CutOff, "incomplete: MAX_TOKENS"),
        ("CONTINUATION", Malformed, "incomplete: CONTINUATION"),
        ("MALFORMED_RESPONSE", Malformed, "incomplete: MALFORMED_RESPONSE"),
        ("OTHER", Malformed, "incomplete: OTHER"),
        ("DAYDREAMING", Malformed, "incomplete: DAYDREAMING"),
        (None, Malformed, "incomplete: no reason given"),
        (["STOP"], Malformed, "incomplete: no reason given"),
        ("x" * 100_000, Malformed, "incomplete: xxx"),
    ],
)
@pytest.mark.parametrize("text", ["Maple", ""])
@pytest.mark.parametrize("read", [lambda body: read_answer(RUN, body), lambda body: read_completion(MODEL, body)])
def test_only_stop_is_an_answer_and_all_else_says_what_it_cost(read, text, ending, error, words):
    with pytest.raises(error) as caught:
        read(reply(text, ending=ending, grounding=grounded()))

    assert words in caught.value.reason
    assert len(caught.value.reason) < 200
    assert caught.value.usage == BILLED


def test_a_blocked_prompt_is_refused():
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 30}}

    with pytest.raises(Refused, match="the question was blocked: PROHIBITED_CONTENT") as caught:
        read_answer(RUN, body)

    assert caught.value.usage == Usage(tokens_in=30)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"candidates": None},
        {"candidates": [None]},
        {"candidates": [{}]},
        {"candidates": [{"finishReason": "STOP"}]},
        {"candidates": [{"finishReason": "STOP", "content": {"parts": None}}]},
        {"candidates": [{"finishReason": "STOP", "content": {"parts": [None, {"text": None}, {"text": " \n"}]}}]},
        {"error": {"code": 500, "message": "Internal"}},
    ],
)
@pytest.mark.parametrize("read", [lambda body: read_answer(RUN, body), lambda body: read_completion(MODEL, body)])
def test_a_reply_without_a_text_cannot_be_used(read, body):
    with pytest.raises(Malformed, match="the answer is empty") as caught:
        read(body | {"usageMetadata": COUNTS})

    assert caught.value.usage.tokens_out == 250


def test_a_completion_is_its_text_whatever_parts_it_comes_in():
    completion = read_completion(MODEL, reply('{"names": ["Larch', 'Hill"]}'))

    assert completion == Completion('{"names": ["LarchHill"]}', MODEL, completion.usage, "gemini")
    assert read_completion(MODEL, reply("{}", modelVersion=None)).model_version == "unknown"


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RUN, "The user is in Toronto, Ontario, Canada."),
        (Run(7, "Who?", MODEL, "GB"), "The user is in United Kingdom of Great Britain and Northern Ireland."),
        (Run(7, "Who?", MODEL, "XX"), "The user is in XX."),
    ],
)
def test_the_place_is_said_in_the_system_instruction(run, said):
    body = question(run)

    assert body["systemInstruction"] == {"parts": [{"text": said}]}
    assert body["contents"] == [{"parts": [{"text": run.question}], "role": "user"}]


def test_a_question_asks_for_a_search_and_leaves_the_rest_to_the_vendor():
    known = Parameters(temperature=True, reasoning_effort=("low", "high"), max_output_tokens=9000, search_tool="search")
    body = question(Run(7, "Who?", MODEL, "CA", parameters=known))

    assert body["tools"] == [{"search": {}}]
    assert body["generationConfig"] == {"maxOutputTokens": 9000}
    assert question(RUN)["tools"] == [{"google_search": {}}]


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters(), {"maxOutputTokens": 17284}),
        (Parameters(temperature=False), {"maxOutputTokens": 17284}),
        (Parameters(temperature=True, thinks=False), {"maxOutputTokens": 900, "temperature": 0}),
        (Parameters(max_output_tokens=500), {"maxOutputTokens": 500}),
        (
            Parameters(temperature=False, reasoning_effort=("minimal", "low"), thinks=True),
            {"maxOutputTokens": 17284, "thinkingConfig": {"thinkingLevel": "MINIMAL"}},
        ),
    ],
)
def test_a_reading_model_is_sent_what_it_accepts(parameters, sent):
    body = structured(PROMPT, parameters)

    assert body["generationConfig"] == sent | {
        "responseMimeType": "application/json",
        "responseJsonSchema": PROMPT.schema,
    }
    assert "tools" not in body


def failure(error, *details):
    error.body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": list(details)}}
    return error


def quota(name):
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [None, {"quotaId": name}]}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("34s", 34), ("36.429760048s", 36.429760048), ("0s", 0), ("-1s", 5), ("soon", 5), ("nans", 5), (None, 5), (34, 5)],
)
def test_the_wait_is_taken_from_retry_info(said, seconds):
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": said}
    error = failure(RateLimited("gemini", "later", retry_after_seconds=5), quota("RequestsPerMinute"), info)

    assert with_details(error) is error
    assert error.retry_after_seconds == seconds


def test_when_the_quota_of_a_day_is_used_up_waiting_for_seconds_does_not_help():
    error = failure(RateLimited("gemini", "quota", status=429), quota("GenerateRequestsPerDayPerProject"))

    assert type(with_details(error)) is Refused
    assert (with_details(error).status, with_details(error).reason) == (429, "quota")


def test_an_overload_stays_one_whatever_it_says_of_quotas():
    assert type(with_details(failure(Unavailable("gemini", "busy"), quota("RequestsPerDay")))) is Unavailable


@pytest.mark.parametrize(
    ("status", "reason", "wrong"),
    [(400, "API_KEY_INVALID", True), (400, "OTHER", False), (400, None, False), (403, None, True), (404, None, False)],
)
def test_a_wrong_key_is_told_by_status_and_reason(status, reason, wrong):
    error = failure(Refused("gemini", "API key not valid.", status=status), {"reason": reason})

    assert is_wrong_key(error) is wrong


@pytest.mark.parametrize(
    "body", [None, "text", [], {"error": "text"}, {"error": {"details": {}}}, {"error": {"details": [None]}}]
)
def test_an_error_without_details_is_none_about_the_key(body):
    error = Refused("gemini", "API key not valid.", status=400)
    error.body = body

    assert is_wrong_key(error) is False


def test_models_have_their_plain_names_and_the_day_on_which_they_retire():
    status = {"modelStage": "LEGACY", "retirementTime": "2026-12-01T00:00:00Z"}
    listed = [{"name": "models/gemini-2.5-pro", "modelStatus": status}, {"name": f"models/{MODEL}"}, {}, None]
    listed += [{"name": "odd", "modelStatus": {"retirementTime": "soon"}}, {"name": None}]

    assert retirements({"models": listed}) == {"gemini-2.5-pro": date(2026, 12, 1), MODEL: None, "odd": None}


@pytest.mark.parametrize("found", [None, [], {}, {"models": None}, {"models": {}}])
def test_a_list_of_models_that_is_none_cannot_be_used(found):
    with pytest.raises(Malformed, match="not a list"):
        retirements(found)


@recorded_only
def test_a_recorded_answer_is_its_text_its_page_and_its_usage():
    body = recorded("google-search")
    answer = read_answer(Run(7, "Which?", "gemini-2.5-flash", "US"), body)
    page = body["candidates"][0]["groundingMetadata"]["groundingChunks"][0]["web"]["uri"]

    assert answer == Answer(
        number=7,
        text="On January 1, 2026, the CoinDesk Bitcoin Price Index (XBX) traded at $88,151.80 at its 4 p.m. ET level.",
        model_version="gemini-2.5-flash",
        searched=True,
        sources=(Source(page, "morningstar.com", 1, cited=True, spans=((0, 103),)),),
        queries=("bitcoin price January 1 2026", "BTC price Jan 1 2026"),
        usage=Usage(tokens_in=166, tokens_out=401, tokens_thinking=324, searches=1),
        vendor_id="ojp5aZbpKMasz7IPvJuwsAc",
        reply={"usageMetadata": body["usageMetadata"]},
    )


@recorded_only
def test_a_recorded_completion_is_its_json_and_its_usage():
    completion = read_completion("gemini-2.5-flash", recorded("response-schema"))

    assert json.loads(completion.content)["title"] == "THE NAME OF THE WIND"
    assert completion.usage == Usage(tokens_in=11, tokens_out=256, tokens_thinking=227)


@recorded_only
def test_a_recorded_refusal_of_a_key_is_told_by_its_reason():
    error = Refused("gemini", "refused", status=400)
    error.body = recorded("400-api-key")

    assert is_wrong_key(error)


WHOLE = reply(
    "Larch Hill führt. ",
    "Birch follows.",
    grounding=grounded(({"endIndex": 18, "text": "Larch Hill führt."}, 0), ({"partIndex": 1, "endIndex": 14}, 1))
    | {"searchEntryPoint": {"renderedContent": "<div></div>"}},
    promptFeedback={"safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}]},
    modelStatus={"modelStage": "STABLE", "retirementTime": "2027-05-07T00:00:00Z"},
)


def replies():
    found = {"whole": WHOLE, "json": reply('{"a": 1}'), "listed": {"models": [{"name": "models/a", "modelStatus": {}}]}}
    names = ("google-search", "response-schema", "400-api-key") if SHARED.is_dir() else ()
    return found | {name: recorded(name) for name in names}


def changed(value, odd):
    """Every copy of a reply with one value of it replaced, at any depth."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        for other in [odd, *changed(inner, odd)]:
            made = copy.copy(value)
            made[key] = other
            yield made


@pytest.mark.parametrize("odd", ODD, ids=["null", "empty", "zero", "list", "object", "true", "long", "surrogate"])
@pytest.mark.parametrize("name", ["whole", "json", "listed", "google-search", "response-schema", "400-api-key"])
def test_no_odd_value_raises_anything_but_our_errors(name, odd):
    if name not in replies():
        pytest.skip(f"no recorded answers at {SHARED}")
    reads = (lambda body: read_answer(RUN, body), lambda body: read_completion(MODEL, body), retirements)

    for body in changed(replies()[name], odd):
        for found in (outcome(read, body) for read in reads):
            assert len(getattr(found, "reason", "")) < 200
            if isinstance(found, Answer):
                assert found.text.strip()
                assert all(0 <= first < last <= len(found.text) for one in spans(found) for first, last in one)


def outcome(read, body):
    try:
        return read(body)
    except OutsideError as error:
        return error
