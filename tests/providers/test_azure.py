"""Azure OpenAI's replies and addresses; its formats are OpenAI's, which test_wire_openai.py reads."""

import json
import os
from datetime import date
from pathlib import Path

import pytest
from multidict import CIMultiDict
from test_wire_openai import is_storable, stands

from senso.errors import Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import Response, failure
from senso.providers import Parameters, Prompt, Run, Source, Usage
from senso.providers.azure import SERVICE, AzureOpenAI, is_wrong_key
from senso.providers.wire.openai import read_answer, read_completion

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
RUN = Run(7, "Which bank is best for students?", "our-answers", "CA")
PROMPT = Prompt("Read.", "A text.", "reading", {"type": "object"})
SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
LINK = "([a.example](https://a.example/x))"
# Written by hand, to documented facts: OpenAI's formats with the results of the content filter.
ANSWER = {
    "id": "resp_EXAMPLE",
    "object": "response",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-4.1-2025-04-14",
    "content_filters": [
        {"blocked": False, "source_type": "prompt", "content_filter_raw": [], "content_filter_results": SAFE},
        {"blocked": False, "source_type": "completion", "content_filter_raw": [], "content_filter_results": SAFE},
    ],
    "output": [
        {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "student account"}},
        {
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": f"Bank A leads {LINK}.",
                    "annotations": [
                        {
                            "type": "url_citation",
                            "start_index": 13,
                            "end_index": 13 + len(LINK),
                            "url": "https://a.example/x",
                            "title": "Accounts",
                        }
                    ],
                }
            ],
        },
    ],
    "usage": {"input_tokens": 900, "input_tokens_details": {"cached_tokens": 128}, "output_tokens": 20},
}
COMPLETION = {
    "id": "chatcmpl-EXAMPLE",
    "model": "gpt-4.1-mini-2025-04-14",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "{}", "refusal": None},
            "content_filter_results": SAFE,
        }
    ],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
    "usage": {"prompt_tokens": 50, "completion_tokens": 5},
}


def answered(found):
    return read_answer(SERVICE, RUN, found)


def completed(found):
    return read_completion(SERVICE, found)


def failed(status, body, headers=()):
    told = body if isinstance(body, str) else json.dumps(body)
    return failure(SERVICE, Response(status, CIMultiDict(headers), told.encode()))


def error(code, message="Why.", **more):
    return {"error": {"code": code, "message": message, **more}}


def test_an_answer_is_read_with_the_results_of_the_filter_beside_it():
    answer = answered(ANSWER)

    assert (answer.text, answer.searched) == (f"Bank A leads {LINK}.", True)
    assert (answer.model_version, answer.vendor_id) == ("gpt-4.1-2025-04-14", "resp_EXAMPLE")
    assert answer.queries == ("student account",)
    assert answer.sources == (Source("https://a.example/x", "Accounts", 1, cited=True, spans=((13, 47),)),)
    assert answer.usage == Usage(tokens_in=900, tokens_cached=128, tokens_out=20, searches=1)


def test_a_completion_names_the_service():
    assert completed(COMPLETION).provider == SERVICE


def test_an_answer_that_the_filter_cut_off_cannot_be_used_and_says_what_it_cost():
    cut = ANSWER | {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}

    with pytest.raises(Malformed, match="incomplete: content_filter") as caught:
        answered(cut)

    assert caught.value.usage.tokens_in == 900


def test_a_completion_that_the_filter_cut_off_cannot_be_used_and_says_what_it_cost():
    (choice,) = COMPLETION["choices"]

    with pytest.raises(Malformed, match="ended with content_filter") as caught:
        completed(COMPLETION | {"choices": [choice | {"finish_reason": "content_filter"}]})

    assert caught.value.usage == Usage(tokens_in=50, tokens_out=5)


INNER = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": SAFE}


@pytest.mark.parametrize("more", [{}, {"innererror": INNER}, {"innererror": None}, {"innererror": "text"}])
def test_a_prompt_that_the_filter_refuses_is_refused_and_not_billed(more):
    found = failed(400, error("content_filter", "The response was filtered.", param="prompt", type=None, **more))

    assert (type(found), found.status, found.usage) == (Refused, 400, None)
    assert found.reason == "The response was filtered."


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (429, [("Retry-After", "17")], "Please retry after 33 seconds.", 17),
        (429, [], "Please retry after 33 seconds.", 33),
        (429, [], "Please retry after 86400 seconds.", 86400),
        (429, [("retry-after-ms", "1500")], "Slow down.", 1.5),
        (429, [("x-ratelimit-reset-tokens", "12")], "Slow down.", None),
    ],
)
def test_a_rate_limit_says_when_to_come_back_where_azure_says_it(status, headers, message, seconds):
    found = failed(status, error("429", message), headers)

    assert (type(found), found.retry_after_seconds) == (RateLimited, seconds)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, error("unknown_model", "Unknown model: x", details="Unknown model: x"), Refused),
        (401, error("401", "Access denied due to invalid subscription key."), Refused),
        (403, error("403", "Access denied due to Virtual Network/Firewall rules."), Refused),
        (404, error("DeploymentNotFound"), Misconfigured),
        (408, error("Timeout"), Unavailable),
        (410, error("410"), Misconfigured),
        (410, "", Misconfigured),
        (429, error("insufficient_quota", "You exceeded your current quota."), Misconfigured),
        (500, error("InternalServerError"), Unavailable),
        (503, error("ServiceUnavailable"), Unavailable),
    ],
)
def test_a_status_says_what_to_do(status, body, expected):
    assert type(failed(status, body)) is expected


@pytest.mark.parametrize(("status", "wrong"), [(401, True), (403, False)])
def test_only_a_401_is_about_the_key(status, wrong):
    assert is_wrong_key(Refused(SERVICE, "Access denied.", status=status)) is wrong


class Edge:
    """What would go out is kept; everything is answered alike."""

    def __init__(self, status, body):
        self.calls = []
        self.found = Response(status, CIMultiDict(), json.dumps(body).encode())

    async def request(self, service, method, url, *, headers, params=None, json=None, timeout_seconds=90):
        self.calls.append((method, url, params, headers, json))
        if self.found.status_code >= 300:
            raise failure(service, self.found)
        return self.found


@pytest.fixture
def edge(monkeypatch):
    def set_up(body, status=200):
        made = Edge(status, body)
        monkeypatch.setattr("senso.providers.wire.keyed.request", made.request)
        return made

    return set_up


VERSION = "2025-04-01-preview"


@pytest.mark.parametrize("endpoint", ["https://ours.openai.azure.com", "https://ours.openai.azure.com/"])
@pytest.mark.parametrize(
    ("version", "paths", "params"),
    [
        (None, ("/openai/v1/responses", "/openai/v1/chat/completions"), None),
        ("", ("/openai/v1/responses", "/openai/v1/chat/completions"), None),
        (
            VERSION,
            ("/openai/responses", "/openai/deployments/our%20answers%2F1/chat/completions"),
            {"api-version": VERSION},
        ),
    ],
)
def test_a_version_means_the_classic_urls_and_none_the_v1_api(edge, endpoint, version, paths, params):
    vendor = AzureOpenAI(endpoint, "a-key", api_version=version)
    asked = edge(ANSWER)
    wait_for(vendor.ask(RUN))
    read = edge(COMPLETION)
    wait_for(vendor.complete(PROMPT, "our answers/1"))

    ((method, url, given, headers, body),) = asked.calls
    assert (method, url, given) == ("POST", "https://ours.openai.azure.com" + paths[0], params)
    assert (headers, body["model"]) == ({"api-key": "a-key"}, "our-answers")
    ((_, url, given, _, body),) = read.calls
    assert (url, given, body["model"]) == ("https://ours.openai.azure.com" + paths[1], params, "our answers/1")


@pytest.mark.parametrize(("version", "path"), [(None, "/openai/v1/models"), (VERSION, "/openai/models")])
def test_the_key_is_checked_by_listing_the_models(edge, version, path):
    listing = edge({"data": [{"id": "gpt-4.1-2025-04-14", "deprecation": {"inference": 1_807_660_800}}]})
    vendor = AzureOpenAI("https://ours.example", "a-key", api_version=version)

    vendor.check_key()
    found = vendor.models()

    assert found == {"gpt-4.1-2025-04-14": date(2027, 4, 14)}
    assert [(call[0], call[1]) for call in listing.calls] == [("GET", "https://ours.example" + path)] * 2


@pytest.mark.parametrize("deprecation", [None, "2027", {}, {"fine_tune": 1_807_660_800}])
@pytest.mark.parametrize("inference", [None, "2027", True, [], {}, 10**20, -(10**20), float("nan")])
def test_a_day_that_cannot_be_read_is_none(edge, inference, deprecation):
    given = deprecation | {"inference": inference} if isinstance(deprecation, dict) else deprecation
    edge({"data": [{"id": "gpt-4.1", "deprecation": given}, {"id": None}, {"id": ["x"]}, "gpt-2", None]})

    assert AzureOpenAI("https://ours.example", "a-key").models() == {"gpt-4.1": None}


@pytest.mark.parametrize("body", [[], "text", 7, None, {"data": None}, {"data": {}}])
def test_a_list_of_models_of_another_shape_cannot_be_used(edge, body):
    edge(body)

    with pytest.raises(Malformed):
        AzureOpenAI("https://ours.example", "a-key").models()


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_a_reply_that_is_no_object_cannot_be_used(edge, body):
    edge(body)

    with pytest.raises(Malformed, match="not a JSON object"):
        wait_for(AzureOpenAI("https://ours.example", "a-key").ask(RUN))


def test_a_deployment_that_is_retired_is_named(edge):
    edge(error("410", "Gone."), 410)

    with pytest.raises(Misconfigured, match="the deployment our-answers is retired: Gone") as caught:
        wait_for(AzureOpenAI("https://ours.example", "a-key").ask(RUN))

    assert (caught.value.status, caught.value.usage) == (410, None)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "the key in AZURE_OPENAI_KEY was not accepted"), (403, "Firewall")]
)
def test_a_refusal_that_is_not_about_the_key_says_so(edge, status, words):
    edge(error(str(status), "Access denied due to Virtual Network/Firewall rules."), status)

    with pytest.raises(Refused, match=words):
        wait_for(AzureOpenAI("https://ours.example", "a-key").ask(RUN))


def test_a_key_that_was_replaced_is_tried_once(edge):
    calls = edge(error("401"), 401)
    vendor = AzureOpenAI("https://ours.example", "old-key", {"old-key": "new-key"}.get)

    with pytest.raises(Refused, match="AZURE_OPENAI_KEY"):
        wait_for(vendor.ask(RUN))

    assert [call[3] for call in calls.calls] == [{"api-key": "old-key"}, {"api-key": "new-key"}]


def test_a_model_is_sent_only_what_it_takes(edge):
    read = edge(COMPLETION)
    parameters = Parameters(temperature=False, reasoning_effort=("low", "high"))

    wait_for(AzureOpenAI("https://ours.example", "a-key").complete(PROMPT, "ours", parameters))

    body = read.calls[0][4]
    assert "temperature" not in body
    assert body["reasoning_effort"] == "low"


@pytest.mark.parametrize(("body", "reading"), [(ANSWER, answered), (COMPLETION, completed)])
def test_no_change_of_a_reply_raises_anything_but_our_errors(body, reading):
    assert is_storable(reading(body))
    stands(body, reading)


def recorded(name):
    path = SHARED / "recorded" / f"azure-{name}.json"
    if not path.exists():
        pytest.skip(f"no recorded answers at {SHARED}; SENSO_SHARED may say where they are")
    return json.loads(path.read_text())["response"]


def test_a_recorded_completion_is_its_text_and_its_tokens():
    completion = completed(recorded("chat-deployment-api-version")["body"])

    assert completion.content == "The capital of France is **Paris**."
    assert (completion.model_version, completion.usage) == ("gpt-4o-2024-11-20", Usage(tokens_in=14, tokens_out=9))


def test_a_recorded_filter_is_a_refusal_without_a_usage():
    reply = recorded("400-content-filter")
    found = failed(reply["status"], reply["body"], list(reply["headers"].items()))

    assert (type(found), found.status, found.usage) == (Refused, 400, None)
    assert "content management policy" in found.reason


def test_no_change_of_a_recorded_completion_raises_anything_but_our_errors():
    stands(recorded("chat-deployment-api-version")["body"], completed)
