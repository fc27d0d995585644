"""Gemini over real HTTP: the sandbox's replies and faults, recorded exchanges, and replies that nobody should send."""

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from senso.errors import ConfigError, CutOff, Malformed, Misconfigured, OutsideError, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import request
from senso.providers import Parameters, Prompt, Run, Usage
from senso.providers.gemini import Gemini
from senso.sandbox.world import World

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
recorded_only = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recorded answers at {SHARED}")

KEY = "sandbox-0b6f2a3e"  # every key that starts so is right
MODEL = "gemini-3.8-flash"
QUESTION = "Which lender is best for a first car loan?"
RUN = Run(7, QUESTION, MODEL, "US")
SCHEMA = {
    "type": "object",
    "properties": {"mentioned": {"type": "boolean"}, "rank": {"type": ["integer", "null"]}},
    "required": ["mentioned", "rank"],
    "additionalProperties": False,
}
PROMPT = Prompt("Read.", "A text.", "reading", SCHEMA)
TWICE = {"retry_after": 2}
FAULTS = [
    # fault, its options: class, status, seconds to wait, words
    ("429", TWICE, (RateLimited, 429, 2, "exceeded your current quota")),
    ("429", {}, (RateLimited, 429, None, "Resource has been exhausted")),
    ("429-day", {}, (Refused, 429, None, "exceeded your current quota")),
    ("429-quota", {}, (Misconfigured, 402, None, "prepayment credits are depleted")),
    ("429-too-large", {}, (Refused, 400, None, "input token count")),
    ("404", {}, (Misconfigured, 404, None, "no longer available to new users")),
    ("403", {}, (Misconfigured, 403, None, "the key in GEMINI_API_KEY was not accepted")),
    ("401", {}, (Misconfigured, 400, None, "the key in GEMINI_API_KEY was not accepted")),
    ("500", {}, (Unavailable, 500, None, "internal error")),
    ("502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("503", {}, (Unavailable, 503, None, "overloaded")),
    ("503", TWICE, (Unavailable, 503, 2, "overloaded")),
    ("hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
    ("drop", {}, (Unavailable, None, None, "the connection failed")),
]
BILLED = [
    ("refusal", Refused, "refused to answer: SAFETY"),
    ("blocked", Refused, "the question was blocked: PROHIBITED_CONTENT"),
    ("recitation", Refused, "refused to answer: RECITATION"),
    ("unknown-ending", Malformed, "incomplete: DAYDREAMING"),
    ("length", CutOff, "incomplete: MAX_TOKENS"),
    ("silence", CutOff, "incomplete: MAX_TOKENS"),
    ("empty", Malformed, "the answer is empty"),
]


def gemini(sandbox, key=KEY):
    return Gemini(f"{sandbox.url}/gemini", key)


def asked(sandbox, run=RUN):
    return wait_for(gemini(sandbox).ask(run))


def test_a_question_gets_the_worlds_answer_with_its_pages(sandbox):
    world = World(7, orgs=1, questions=3)
    run = Run(7, world.questions(world.orgs[0])[2].text, MODEL, "CA", "Ontario", "Toronto")
    answer, written = asked(sandbox, run), world.answer(run.question, MODEL, "CA")

    assert (answer.number, answer.searched, answer.country, answer.error) == (7, True, None, None)
    assert answer.model_version == f"senso-sandbox/{MODEL}"
    assert answer.vendor_id
    assert answer.usage.searches == len(answer.queries) == 2
    assert answer.usage.tokens_thinking < answer.usage.tokens_out
    assert len(answer.sources) == len({source.url for source in written.sources})
    assert "http" not in answer.text


def test_what_a_page_is_cited_for_stands_in_the_text(sandbox):
    world = World(7, orgs=1, questions=3)
    answer = asked(sandbox, Run(7, world.questions(world.orgs[0])[0].text, MODEL, "US"))
    cited = [answer.text[slice(*span)] for source in answer.sources for span in source.spans]

    assert cited
    assert all(line == line.strip() and "\n" not in line for line in cited)
    assert any("**" in line for line in cited)
    assert not [source for source in answer.sources if source.cited != bool(source.spans)]


def test_structured_output_comes_back_as_it_was_said(sandbox):
    completion = wait_for(gemini(sandbox).complete(PROMPT, MODEL, Parameters(reasoning_effort=("low", "high"))))

    assert json.loads(completion.content) == {"mentioned": False, "rank": None}
    assert completion.model_version == f"senso-sandbox/{MODEL}"
    assert completion.usage.tokens_in
    assert completion.usage.tokens_thinking


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), FAULTS)
@pytest.mark.parametrize("work", ["generate", "reading"])
def test_a_fault_becomes_the_error_that_says_what_to_do(sandbox, work, kind, options, expected):
    error, status, seconds, words = expected
    sandbox.fault(f"gemini.{work}", kind, **options)

    with pytest.raises(error) as caught:
        asked(sandbox) if work == "generate" else wait_for(gemini(sandbox).complete(PROMPT, MODEL))

    found = caught.value
    assert (type(found), found.service, found.status, found.usage) == (error, "gemini", status, None)
    assert getattr(found, "retry_after_seconds", None) == seconds
    assert words in found.reason
    assert KEY not in f"{found} {found!r} {found.reason}"


@pytest.mark.parametrize(("kind", "error", "words"), BILLED)
def test_what_was_billed_for_nothing_is_known(sandbox, kind, error, words):
    sandbox.fault("gemini.generate", kind)

    with pytest.raises(error) as caught:
        asked(sandbox)

    assert words in caught.value.reason
    assert caught.value.usage.tokens_in
    assert bool(caught.value.usage.tokens_out) == (kind != "blocked")


def test_a_body_that_is_no_json_cannot_be_used(sandbox):
    sandbox.fault("gemini.generate", "malformed")

    with pytest.raises(Malformed, match="not JSON") as caught:
        asked(sandbox)

    assert (caught.value.status, caught.value.usage) == (200, None)


def test_a_reading_that_is_no_json_is_left_to_the_caller(sandbox):
    sandbox.fault("gemini.reading", "malformed")

    assert wait_for(gemini(sandbox).complete(PROMPT, MODEL)).content.startswith("Sure!")


@pytest.mark.parametrize(
    ("kind", "searched", "searches", "sources"),
    [("ungrounded", False, 0, False), ("queries-only", True, 2, False), ("blank-queries", True, 2, True)],
)
def test_what_it_searched_for_is_known_as_far_as_it_says(sandbox, kind, searched, searches, sources):
    world = World(7, orgs=1, questions=1)
    sandbox.fault("gemini.generate", kind)
    answer = asked(sandbox, Run(7, world.questions(world.orgs[0])[0].text, MODEL, "US"))

    assert (answer.searched, answer.usage.searches, bool(answer.sources)) == (searched, searches, sources)


@pytest.mark.parametrize(
    ("model", "fault", "answered", "searches"),
    [
        ("gemini-2.5-flash", None, "gemini-2.5-flash", 1),
        ("gemini-2.5-flash", "other-model", "gemini-3.5-flash-lite", 2),
        (MODEL, "retiring", MODEL, 2),
    ],
)
def test_the_model_that_answered_is_known_and_decides_what_a_search_is(sandbox, model, fault, answered, searches):
    if fault:
        sandbox.fault("gemini.generate", fault)
    answer = asked(sandbox, Run(7, QUESTION, model, "US"))

    assert (answer.model_version, answer.usage.searches) == (f"senso-sandbox/{answered}", searches)


def test_two_parts_stay_apart_and_pages_are_found_in_the_second(sandbox):
    world = World(7, orgs=1, questions=1)
    sandbox.fault("gemini.generate", "two-parts")
    answer = asked(sandbox, Run(7, world.questions(world.orgs[0])[0].text, MODEL, "US"))

    assert answer.text.startswith("I will look that up.\n\n")
    assert any(source.spans for source in answer.sources)


def test_a_part_without_a_text_does_not_cost_the_others(sandbox):
    sandbox.fault("gemini.generate", "null-text")

    assert asked(sandbox).text


@pytest.mark.parametrize("key", ["wrong-0b6f2a3e", "wrong-0b6f2a3e\n", "wrong-0b6f2a3\u2026", ""])
def test_a_wrong_key_is_refused_and_never_repeated(sandbox, key):
    with pytest.raises((Refused, ConfigError)) as caught:
        gemini(sandbox, key).check_key()

    assert "0b6f2a3" not in f"{caught.value} {caught.value!r}"


def test_a_key_that_was_replaced_is_tried_in_its_new_form(sandbox):
    vendor = Gemini(f"{sandbox.url}/gemini", "wrong", lambda refused: KEY if refused == "wrong" else None)

    assert wait_for(vendor.ask(RUN)).text


def test_the_models_are_listed_and_the_key_is_checked_free_of_charge(sandbox):
    gemini(sandbox).check_key()
    listed = gemini(sandbox).models()

    assert {MODEL, "gemini-2.5-flash"} <= set(listed)
    assert not sandbox.calls("gemini.generate")


def test_the_key_is_in_no_address(sandbox):
    with served(200, reply("Maple leads.")) as (url, seen):
        wait_for(Gemini(url, KEY).ask(RUN))
        Gemini(url, KEY)

    assert seen == [(f"/v1beta/models/{MODEL}:generateContent", KEY)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (["Here is what I found", "Larch Hill is cheapest."], "Here is what I found\n\nLarch Hill is cheapest."),
        ([None, "Fir Hill is best."], "Fir Hill is best."),
        (["é" * 500_000], "é" * 500_000),
        (["A\x00 lone \ud800 one"], "A lone ? one"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "text/html"])
def test_an_unusual_reply_is_still_read(text, told, content_type):
    with served(200, reply(*text), content_type=content_type) as (url, _):
        assert wait_for(Gemini(url, KEY).ask(RUN)).text == told


@pytest.mark.parametrize(
    ("status", "body", "options", "expected"),
    [
        (200, b"<html>Sign in</html>", {"content_type": "text/html"}, (Malformed, 200)),
        (200, b"[]", {}, (Malformed, None)),
        (200, b'"STOP"', {}, (Malformed, None)),
        (200, b'{"candidates": [', {}, (Malformed, 200)),
        (200, b'{"candidates": []}', {"missing": 100}, (Unavailable, None)),
        (200, b'{"candidates": [{"content": null, "finishReason": "STOP"}]}', {}, (Malformed, None)),
        (302, b"", {}, (Refused, 302)),
        (400, b"plain words", {"content_type": "text/plain"}, (Refused, 400)),
        (401, b'{"error": {"code": 401, "status": "UNAUTHENTICATED"}}', {}, (Misconfigured, 401)),
        (410, b'{"error": {"code": 410, "message": "Gone", "status": "NOT_FOUND"}}', {}, (Misconfigured, 410)),
        (429, b"[]", {}, (RateLimited, 429)),
        (500, b"", {}, (Unavailable, 500)),
        (529, b'{"error": null}', {}, (Unavailable, 529)),
    ],
)
def test_a_reply_that_nobody_should_send_is_one_of_our_errors(status, body, options, expected):
    with served(status, body, **options) as (url, _), pytest.raises(OutsideError) as caught:
        wait_for(Gemini(url, KEY).ask(RUN))

    assert (type(caught.value), caught.value.status) == expected


def test_the_wait_is_known_where_only_retry_info_says_it():
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
    body = {"error": {"code": 429, "message": "Later.", "status": "RESOURCE_EXHAUSTED", "details": [info]}}

    with served(429, body) as (url, _), pytest.raises(RateLimited) as caught:
        wait_for(Gemini(url, KEY).ask(RUN))

    assert caught.value.retry_after_seconds == 34


@recorded_only
@pytest.mark.parametrize("name", ["google-search", "response-schema", "400-api-key"])
def test_a_recorded_exchange_is_read_over_http(name):
    found = json.loads((SHARED / "recorded" / f"gemini-{name}.json").read_text())["response"]
    with served(found["status"], found["body"]) as (url, _):
        vendor = Gemini(url, KEY)
        match name:
            case "google-search":
                answer = wait_for(vendor.ask(Run(7, QUESTION, "gemini-2.5-flash", "US")))
                assert answer.usage == Usage(tokens_in=166, tokens_out=401, tokens_thinking=324, searches=1)
                assert [(source.title, source.spans) for source in answer.sources] == [("morningstar.com", ((0, 103),))]
            case "response-schema":
                completion = wait_for(vendor.complete(PROMPT, "gemini-2.5-flash"))
                assert json.loads(completion.content)["rating"] == 7
            case _:
                with pytest.raises(Refused) as caught:
                    wait_for(vendor.ask(RUN))
                assert caught.value.status == 400


def reply(*texts):
    content = {"parts": [{"text": one} for one in texts], "role": "model"}
    return {"candidates": [{"content": content, "finishReason": "STOP"}], "modelVersion": MODEL}


@contextmanager
def served(status, body, *, content_type="application/json", missing=0):
    """One reply to whatever is asked; `missing`: bytes that are promised and do not come."""
    sent, seen = body if isinstance(body, bytes) else json.dumps(body).encode(), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["x-goog-api-key"]))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(sent) + missing))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a quarter of a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 0.25)
