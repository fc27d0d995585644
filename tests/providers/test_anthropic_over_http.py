"""Anthropic over real HTTP: against the sandbox, and against a server that says what the sandbox never would."""

import json
import os
import re
import threading
import time
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from senso.errors import CutOff, Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import request
from senso.providers import UNKNOWN, Parameters, Prompt, Run, Usage
from senso.providers.anthropic import MOST_PAUSES, Anthropic
from senso.sandbox.openai.bodies import INLINE_LINK
from senso.sandbox.world import World

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared")) / "recorded"
KEY = "sandbox-0b6f2a3e"
WORLD = World()
QUESTION = WORLD.questions(WORLD.orgs[0])[0].text
RUN = Run(7, QUESTION, "claude-haiku-4-5", "US")
SCHEMA = {
    "type": "object",
    "properties": {"mentioned": {"type": "boolean"}},
    "required": ["mentioned"],
    "additionalProperties": False,
}
PROMPT = Prompt("Read.", "A text.", "reading", SCHEMA)
TWICE = {"retry_after": 2}
FAULTS = [
    # fault, its options: class, status, seconds to wait, words
    ("400-credit", {}, (Refused, 400, None, "credit balance is too low")),
    ("401", {}, (Misconfigured, 401, None, "the key in ANTHROPIC_API_KEY was not accepted")),
    ("402", {}, (Misconfigured, 402, None, "billing")),
    ("403", {}, (Refused, 403, None, "does not have permission")),
    ("404", {}, (Misconfigured, 404, None, "model: claude-haiku-4-5")),
    ("429", TWICE, (RateLimited, 429, 2, "exceed the rate limit")),
    ("429", {}, (RateLimited, 429, None, "exceed the rate limit")),
    ("429-quota", {}, (Misconfigured, 429, None, "monthly spend limit")),
    ("429-too-large", {}, (Refused, 413, None, "maximum allowed number of bytes")),
    ("500", {}, (Unavailable, 500, None, "Internal server error")),
    ("502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("503", TWICE, (Unavailable, 529, 2, "Overloaded")),
    ("503", {}, (Unavailable, 529, None, "Overloaded")),
    ("hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
    ("drop", {}, (Unavailable, None, None, "the connection failed")),
]
# What is made and paid for, and cannot be used.
SPOILT = [
    ("refusal", Refused, "the model refused to answer: general_harms"),
    ("length", CutOff, "incomplete: max_tokens"),
    ("empty", Malformed, "is empty"),
]


def asked(url, run=RUN):
    return wait_for(Anthropic(url, KEY).ask(run))


def completed(url, parameters=UNKNOWN):
    return wait_for(Anthropic(url, KEY).complete(PROMPT, "claude-haiku-4-5", parameters))


CALLS = {"anthropic.messages": asked, "anthropic.reading": completed}


def test_a_question_gets_the_worlds_answer_with_its_sources(vendor):
    run = Run(7, WORLD.questions(WORLD.orgs[0])[2].text, "claude-sonnet-5", "CA", "Ontario")
    written = WORLD.answer(run.question, run.model, "CA")

    answer = asked(vendor, run)

    assert answer.text == INLINE_LINK.sub("", written.text)
    assert {source.url for source in answer.sources} == {source.url for source in written.sources}
    assert {source.url for source in answer.sources if source.cited} == {
        source.url for source in written.sources if source.cited
    }
    assert (answer.model_version, answer.searched) == ("senso-sandbox/claude-sonnet-5", True)
    assert answer.queries == (run.question[:120],)


def test_a_citation_spans_the_claim_that_stood_before_its_link(vendor):
    run = Run(7, WORLD.questions(WORLD.orgs[1])[1].text, "claude-sonnet-5", "")
    written = WORLD.answer(run.question, run.model, "").text

    answer = asked(vendor, run)

    for source in (source for source in answer.sources if source.cited):
        assert source.spans
        for start, end in source.spans:
            assert re.search(re.escape(answer.text[start:end]) + r" ?\(\[[^]]+\]\(" + re.escape(source.url), written)


def test_an_answer_tells_what_it_cost(vendor):
    usage = asked(vendor, Run(7, QUESTION, "claude-sonnet-5", "US")).usage

    assert (usage.searches, usage.tokens_thinking, usage.cost_microusd) == (1, 26, None)
    assert usage.tokens_in
    assert usage.tokens_out > usage.tokens_thinking


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), FAULTS)
@pytest.mark.parametrize("place", CALLS)
def test_a_fault_becomes_the_error_that_says_what_to_do(sandbox, place, kind, options, expected):
    error, status, seconds, words = expected
    sandbox.fault(place, kind, **options)

    with pytest.raises(error) as caught:
        CALLS[place](f"{sandbox.url}/anthropic")

    failed = caught.value
    assert (type(failed), failed.service, failed.status, failed.usage) == (error, "anthropic", status, None)
    assert getattr(failed, "retry_after_seconds", None) == seconds
    assert words in failed.reason
    assert KEY not in f"{failed} {failed!r}"


@pytest.mark.parametrize(("kind", "error", "words"), SPOILT)
@pytest.mark.parametrize("place", CALLS)
def test_what_was_paid_for_and_cannot_be_used_says_what_it_cost(sandbox, place, kind, error, words):
    sandbox.fault(place, kind)

    with pytest.raises(error, match=words) as caught:
        CALLS[place](f"{sandbox.url}/anthropic")

    assert (type(caught.value), caught.value.status) == (error, None)
    assert caught.value.usage.tokens_in


def test_a_full_context_window_cuts_an_answer_off(sandbox, vendor):
    sandbox.fault("anthropic.messages", "context")

    with pytest.raises(Malformed, match="incomplete: model_context_window_exceeded") as caught:
        asked(vendor)

    assert caught.value.usage.searches == 1


def test_a_broken_body_cannot_be_used_and_nobody_knows_what_it_cost(sandbox, vendor):
    sandbox.fault("anthropic.messages", "malformed")

    with pytest.raises(Malformed, match="not JSON") as caught:
        asked(vendor)

    assert (caught.value.status, caught.value.usage) == (200, None)


def test_a_broken_reading_is_the_callers_to_find(sandbox, vendor):
    sandbox.fault("anthropic.reading", "malformed")

    with pytest.raises(json.JSONDecodeError):
        json.loads(completed(vendor).content)


def test_a_paused_turn_is_continued_and_paid_for_in_full(sandbox, vendor):
    whole = asked(vendor)
    sandbox.fault("anthropic.messages", "pause", times=1)

    answer = asked(vendor)

    assert (answer.text, answer.sources, answer.searched) == (whole.text, whole.sources, True)
    assert answer.usage.searches == 1
    assert answer.usage.tokens_in > whole.usage.tokens_in
    assert [call["status"] for call in sandbox.calls("anthropic.messages")] == [200, 200, 200]


def test_a_turn_that_pauses_again_and_again_is_given_up_and_says_what_it_cost(sandbox, vendor):
    sandbox.fault("anthropic.messages", "pause")

    with pytest.raises(Malformed, match="incomplete: pause_turn") as caught:
        asked(vendor)

    assert len(sandbox.calls("anthropic.messages")) == caught.value.usage.searches == MOST_PAUSES + 1


def test_a_search_that_failed_leaves_an_answer_without_one(sandbox, vendor):
    sandbox.fault("anthropic.messages", "search-failed")

    answer = asked(vendor)

    assert (answer.searched, answer.queries, answer.sources, answer.usage.searches) == (False, (), (), 0)


@pytest.mark.parametrize("kind", ["max-uses", "null-text"])
def test_an_odd_part_does_not_cost_the_answer(sandbox, vendor, kind):
    whole = asked(vendor)
    sandbox.fault("anthropic.messages", kind)

    answer = asked(vendor)

    assert (answer.text, answer.sources, answer.queries) == (whole.text, whole.sources, whole.queries)


def test_what_is_said_before_the_search_is_a_paragraph_of_its_own(sandbox, vendor):
    whole = asked(vendor)
    sandbox.fault("anthropic.messages", "two-texts")

    assert asked(vendor).text == f"I'll search for that.\n\n{whole.text}"


def test_structured_output_comes_back_as_it_was_said(vendor):
    completion = completed(vendor)

    assert json.loads(completion.content) == {"mentioned": False}
    assert completion.model_version == "senso-sandbox/claude-haiku-4-5-20251001"
    assert completion.usage.tokens_in


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("claude-haiku-4-5", Parameters(temperature=True, thinks=False, max_output_tokens=64_000)),
        ("claude-haiku-5-5", Parameters(temperature=False, reasoning_effort=("low", "medium"), thinks=True)),
        ("claude-sonnet-5-5", Parameters(temperature=False, forced_tool=False, thinks=True)),
        ("claude-opus-5-5", Parameters()),
    ],
)
def test_each_model_is_sent_what_it_takes(vendor, model, parameters):
    provider = Anthropic(vendor, KEY)

    assert wait_for(provider.complete(PROMPT, model, parameters)).content
    assert wait_for(provider.ask(Run(7, QUESTION, model, "US", parameters=parameters))).text


def test_a_temperature_that_a_model_does_not_take_is_refused(vendor):
    with pytest.raises(Refused, match="`temperature` is deprecated for this model"):
        wait_for(Anthropic(vendor, KEY).complete(PROMPT, "claude-sonnet-5-5", Parameters(temperature=True)))


def test_a_model_that_there_is_not_is_refused(vendor):
    with pytest.raises(Refused, match="model: claude-2") as caught:
        asked(vendor, Run(7, QUESTION, "claude-2", "US"))

    assert caught.value.status == 404


def test_the_key_is_checked_free_of_charge(sandbox, vendor):
    Anthropic(vendor, KEY).check_key()

    assert [call["where"] for call in sandbox.calls()] == ["anthropic.models"]
    with pytest.raises(Refused, match="ANTHROPIC_API_KEY was not accepted"):
        Anthropic(vendor, "wrong-0b6f2a3e").check_key()


def test_a_key_that_was_replaced_is_used_for_the_same_call(vendor):
    answer = wait_for(Anthropic(vendor, "wrong-0b6f2a3e", lambda _: KEY).ask(RUN))

    assert answer.text


def test_a_key_without_permission_is_not_changed_for_another(sandbox, vendor):
    sandbox.fault("anthropic.messages", "403")
    taken = []

    with pytest.raises(Refused, match="does not have permission"):
        wait_for(Anthropic(vendor, KEY, taken.append).ask(RUN))

    assert taken == []


def test_models_are_listed_with_the_day_on_which_they_retire(vendor):
    found = Anthropic(vendor, KEY).models()

    assert found["claude-sonnet-4-5"] == found["claude-sonnet-4-5-20250929"] == date(2026, 11, 30)
    assert found["claude-opus-4-5"] == date(2027, 1, 22)
    assert (found["claude-haiku-4-5"], found["claude-sonnet-5-5"]) == (None, None)


def body_of(text="Larch Hill is best.", stop="end_turn", **more):
    content = [{"type": "text", "text": text}]
    usage = {"input_tokens": 10, "output_tokens": 5}
    return {"id": "msg_1", "model": "claude-haiku-4-5", "content": content, "stop_reason": stop, "usage": usage} | more


def wrong(kind, message):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (400, {}, wrong("invalid_request_error", "max_tokens: Field required"), (Refused, None, "max_tokens")),
        (400, {}, "nothing but words", (Refused, None, "nothing but words")),
        (
            404,
            {},
            wrong("not_found_error", "model: claude-haiku-4-5"),
            (Misconfigured, None, "model: claude-haiku-4-5"),
        ),
        (410, {}, wrong("not_found_error", "retired"), (Misconfigured, None, "retired")),
        (429, {"Retry-After": "16"}, wrong("rate_limit_error", "too many"), (RateLimited, 16, "too many")),
        (429, {}, wrong("rate_limit_error", "too many"), (RateLimited, None, "too many")),
        (500, {}, wrong("api_error", "Overloaded"), (Unavailable, None, "Overloaded")),
        (503, {"Retry-After": "3"}, "", (Unavailable, 3, "no reason given")),
        (504, {}, wrong("timeout_error", "late"), (Unavailable, None, "late")),
        (529, {}, wrong("overloaded_error", "Overloaded"), (Unavailable, None, "Overloaded")),
        (200, {"Content-Type": "text/html"}, "<html>Welcome</html>", (Malformed, None, "not JSON")),
        (200, {}, "[]", (Malformed, None, "not a JSON object")),
        (200, {}, '{"content": ' + "[" * 100_000, (Malformed, None, "not JSON")),
        (200, {}, "", (Malformed, None, "not JSON")),
    ],
)
def test_a_reply_becomes_the_error_that_says_what_to_do(status, headers, body, expected):
    error, seconds, words = expected

    with served((status, headers, body)) as (url, _), pytest.raises(error) as caught:
        asked(url)

    assert type(caught.value) is error
    assert caught.value.status in {status, None}
    assert getattr(caught.value, "retry_after_seconds", None) == seconds
    assert words in caught.value.reason


@pytest.mark.parametrize("kept", [0, 40])
def test_a_connection_that_ends_before_the_reply_or_within_it_may_be_tried_again(kept):
    whole = json.dumps(body_of())

    with served((200, {"Content-Length": str(len(whole))}, whole[:kept])) as (url, _), pytest.raises(Unavailable):
        asked(url)


def test_a_reply_under_another_content_type_is_read_all_the_same():
    with served((200, {"Content-Type": "text/plain"}, json.dumps(body_of()))) as (url, _):
        assert asked(url).text == "Larch Hill is best."


def test_a_long_answer_is_read_in_full():
    long = "Larch Hill is best. " * 52_429

    with served((200, {}, json.dumps(body_of(long)))) as (url, _):
        assert asked(url).text == long


def test_a_part_that_fails_says_what_the_parts_before_it_cost():
    paused = json.dumps(body_of(stop="pause_turn"))
    overloaded = wrong("overloaded_error", "Overloaded")

    replies = (200, {}, paused), (529, {"retry-after": "900"}, overloaded)
    with served(*replies) as (url, sent), pytest.raises(Malformed, match="a paused answer could not") as caught:
        asked(url)

    assert (caught.value.status, caught.value.usage) == (529, Usage(tokens_in=10, tokens_out=5))
    assert [one["role"] for one in sent[1]["messages"]] == ["user", "assistant"]


def test_a_part_that_is_overloaded_is_asked_for_again_and_none_before_it(monkeypatch):
    monkeypatch.setattr("senso.providers.anthropic.PART_WAIT_SECONDS", 0.01)
    paused = json.dumps(body_of(stop="pause_turn"))
    overloaded = wrong("overloaded_error", "Overloaded")

    with served((200, {}, paused), (529, {}, overloaded), (200, {}, json.dumps(body_of()))) as (url, sent):
        answer = asked(url)

    assert [len(one["messages"]) for one in sent] == [1, 2, 2]
    assert answer.usage == Usage(tokens_in=20, tokens_out=10)


def test_a_turn_that_has_taken_its_time_is_not_continued(monkeypatch):
    monkeypatch.setattr("senso.providers.anthropic.TURN_SECONDS", 5)

    with served((200, {}, json.dumps(body_of(stop="pause_turn")))) as (url, sent), pytest.raises(Malformed) as caught:
        asked(url)

    assert (len(sent), caught.value.usage) == (1, Usage(tokens_in=10, tokens_out=5))


def recorded(name):
    path = SHARED / f"anthropic-{name}.json"
    if not path.is_file():
        pytest.skip(f"no recorded replies at {SHARED}; SENSO_SHARED may say where they are")
    found = json.loads(path.read_text())["response"]
    kept = {name: value for name, value in found["headers"].items() if name not in {"date", "server"}}
    return found["status"], kept, json.dumps(found["body"])


def test_a_recorded_answer_is_read():
    with served(recorded("web-search")) as (url, sent):
        answer = asked(url)

    assert answer.text.endswith("ggplot2 1.0.0 was published on 2014-05-21.\n\n**2014-05-21**")
    assert (len(answer.sources), answer.usage.tokens_in, answer.usage.searches) == (8, 13_947, 1)
    assert sent[0]["model"] == RUN.model


def test_a_recorded_completion_is_read():
    with served(recorded("json-schema-output")) as (url, _):
        assert json.loads(completed(url).content) == {"temperature": 75, "units": "F"}


@pytest.mark.parametrize(
    ("name", "error", "status", "words"),
    [
        ("401", Misconfigured, 401, "the key in ANTHROPIC_API_KEY was not accepted"),
        ("529-overloaded", Unavailable, 529, "Overloaded"),
    ],
)
@pytest.mark.parametrize("call", [asked, completed])
def test_a_recorded_failure_is_the_error_that_says_what_to_do(call, name, error, status, words):
    with served(recorded(name)) as (url, _), pytest.raises(error, match=words) as caught:
        call(url)

    assert (type(caught.value), caught.value.status) == (error, status)
    assert getattr(caught.value, "retry_after_seconds", None) is None


@contextmanager
def served(*replies):
    """A server that gives these replies one after the other, the last one again and again; also what it was sent."""
    sent, waiting = [], list(replies)

    class Vendor(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, headers, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            content = body.encode()
            self.send_response_only(status)
            given = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
            named = {name.lower() for name in headers}
            given = {name: value for name, value in given.items() if name.lower() not in named}
            for name, value in (given | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def vendor(sandbox):
    return f"{sandbox.url}/anthropic"


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a quarter of a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 0.25)


def test_a_call_that_is_waited_for_in_vain_ends_in_time(sandbox, vendor, impatient):
    sandbox.fault("anthropic.messages", "hang", seconds=2)
    start = time.monotonic()

    with pytest.raises(Unavailable, match="did not answer in time"):
        asked(vendor)

    assert time.monotonic() - start < 2
