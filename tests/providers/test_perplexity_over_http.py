"""Perplexity over real HTTP: the sandbox for what it says itself, a small server for what may come from anywhere."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from senso.errors import CutOff, Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import close, request
from senso.providers import Parameters, Prompt, Run, Usage
from senso.providers.perplexity import Perplexity
from senso.sandbox.world import World

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
KEY = "sandbox-0b6f2a3e"
RUN = Run(7, "Which lender is best for a first car loan?", "perplexity/sonar", "US", "Ohio", "Dayton")
PROMPT = Prompt(
    "Read.",
    "A text.",
    "reading",
    {
        "type": "object",
        "properties": {"mentioned": {"type": "boolean"}},
        "required": ["mentioned"],
        "additionalProperties": False,
    },
)
TWICE = {"retry_after": 2}
CALLS = [
    # fault, its options: class, status, seconds to wait, words
    ("400", {}, (Refused, 400, None, 'unknown field "surprise"')),
    ("401", {}, (Misconfigured, 401, None, "the key in PERPLEXITY_API_KEY was not accepted")),
    ("403", {}, (Refused, 403, None, "Sonar is now the Agent API")),
    ("429", TWICE, (RateLimited, 429, 2, "rate limit exceeded")),
    ("429", {}, (RateLimited, 429, None, "rate limit exceeded")),
    ("429-quota", {}, (Misconfigured, 401, None, "exceeded your current quota")),
    ("429-too-large", {}, (Refused, 413, None, "too large")),
    ("500", {}, (Unavailable, 500, None, "internal error")),
    ("502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("503", TWICE, (Unavailable, 503, 2, "overloaded")),
    ("504", {}, (Unavailable, 504, None, "did not answer in time")),
    ("drop", {}, (Unavailable, None, None, "the connection failed")),
    ("hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
]
RUNS = [
    ("failed", {}, (Unavailable, None, None, "the run failed: internal_error")),
    ("cancelled", {}, (Unavailable, None, None, "the run was cancelled: cancelled")),
    ("length", {}, (CutOff, None, None, "incomplete: max_output_tokens")),
    ("refusal", {}, (Refused, None, None, "the model refused to answer")),
    ("empty", {}, (Malformed, None, None, "the answer is empty")),
]
BROKEN = [("malformed", {}, (Malformed, 200, None, "not JSON"))]
BILLED = ("failed", "length", "refusal", "empty")


def provider(url, key=KEY, **more):
    return Perplexity(url, key, **more)


def at(sandbox, key=KEY, **more):
    return provider(f"{sandbox.url}/perplexity", key, **more)


def check(caught, kind, expected):
    error, status, seconds, words = expected
    found = caught.value
    assert type(found) is error
    assert (found.service, found.status) == ("perplexity", status)
    assert getattr(found, "retry_after_seconds", None) == pytest.approx(seconds)
    assert words in found.reason
    assert KEY not in f"{found} {found!r}"
    assert bool(found.usage and found.usage.tokens_in and found.usage.cost_microusd) is (kind in BILLED)


def test_a_question_gets_its_answer_with_cited_and_offered_pages(sandbox):
    answer = wait_for(at(sandbox).ask(RUN))

    assert (answer.number, answer.model_version) == (7, "senso-sandbox/perplexity/sonar")
    assert (answer.searched, answer.queries, answer.country) == (True, (RUN.question,), None)
    assert answer.vendor_id.startswith("resp_")
    assert answer.usage.searches == 1
    assert answer.usage.cost_microusd > 2500


def test_every_mark_in_the_text_is_a_span_of_a_cited_page(sandbox, worlds_question):
    answer = wait_for(at(sandbox).ask(Run(7, worlds_question, "perplexity/sonar", "US")))

    spans = {answer.text[start:end] for source in answer.sources for start, end in source.spans}
    cited = [source for source in answer.sources if source.cited]
    assert spans == {f"[{source.position}]" for source in cited}
    assert len(cited) < len(answer.sources)


@pytest.mark.parametrize("kind", ["web-marks", "annotations"])
def test_pages_are_cited_in_each_form_that_the_vendor_has(sandbox, worlds_question, kind):
    run = Run(7, worlds_question, "perplexity/sonar", "US")
    plain = wait_for(at(sandbox).ask(run))
    sandbox.fault("perplexity.agent", kind)
    answer = wait_for(at(sandbox).ask(run))

    assert [source.url for source in answer.sources if source.cited] == [one.url for one in plain.sources if one.cited]
    assert all(answer.text[start:end].strip() for source in answer.sources for start, end in source.spans)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), CALLS + RUNS + BROKEN)
def test_a_fault_becomes_the_error_that_says_what_to_do(sandbox, kind, options, expected):
    sandbox.fault("perplexity.agent", kind, **options)

    with pytest.raises(expected[0]) as caught:
        wait_for(at(sandbox).ask(RUN))

    check(caught, kind, expected)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), CALLS + RUNS)
def test_reading_an_answer_fails_in_the_same_words(sandbox, kind, options, expected):
    sandbox.fault("perplexity.reading", kind, **options)

    with pytest.raises(expected[0]) as caught:
        wait_for(at(sandbox).complete(PROMPT, "perplexity/sonar"))

    check(caught, kind, expected)


@pytest.mark.parametrize(
    ("kind", "searched", "messages"), [("no-search", False, 1), ("no-cost", True, 1), ("two-messages", True, 2)]
)
def test_an_odd_answer_is_still_an_answer(sandbox, kind, searched, messages):
    sandbox.fault("perplexity.agent", kind)

    answer = wait_for(at(sandbox).ask(RUN))

    assert answer.searched is searched
    assert (answer.usage.cost_microusd is None) is (kind == "no-cost")
    assert answer.text.startswith("Here is what I found\n\n") is (messages == 2)


def test_nulls_where_texts_were_expected_cost_nothing(sandbox, worlds_question):
    run = Run(7, worlds_question, "perplexity/sonar", "US")
    plain = wait_for(at(sandbox).ask(run))
    sandbox.fault("perplexity.agent", "nulls")
    answer = wait_for(at(sandbox).ask(run))

    assert answer.text == plain.text
    assert [(one.url, one.cited) for one in answer.sources] == [(one.url, one.cited) for one in plain.sources]
    assert {one.title for one in answer.sources} == {None}


def test_what_a_model_refuses_is_not_sent_and_the_rest_is_accepted(sandbox):
    parameters = Parameters(temperature=False, reasoning_effort=("low",), forced_tool=False, max_output_tokens=30_000)

    answer = wait_for(at(sandbox).ask(Run(7, RUN.question, "openai/gpt-6-luna", "US", parameters=parameters)))
    completion = wait_for(at(sandbox).complete(PROMPT, "openai/gpt-6-luna", parameters))

    assert answer.searched is False
    assert completion.model_version == "senso-sandbox/openai/gpt-6-luna"


def test_a_limit_on_the_output_is_one_on_thinking_too(sandbox):
    with pytest.raises(CutOff, match="max_output_tokens") as caught:
        wait_for(
            at(sandbox).ask(Run(7, RUN.question, "perplexity/sonar", "US", parameters=Parameters(max_output_tokens=16)))
        )

    assert (caught.value.usage.tokens_out, caught.value.usage.tokens_thinking) == (16, 16)


@pytest.mark.parametrize("model", ["sonar", "perplexity/sonar-pro", "gpt-4.1"])
def test_a_name_that_no_model_has_is_refused(sandbox, model):
    with pytest.raises(Refused, match="is not supported") as caught:
        wait_for(at(sandbox).ask(Run(7, RUN.question, model, "US")))

    assert caught.value.status == 400


def test_structured_output_comes_back_as_it_was_said(sandbox):
    completion = wait_for(at(sandbox).complete(PROMPT, "perplexity/sonar"))

    assert json.loads(completion.content) == {"mentioned": False}
    assert (completion.model_version, completion.provider) == ("senso-sandbox/perplexity/sonar", "perplexity")
    assert completion.usage.cost_microusd


def test_broken_content_is_for_the_caller_to_find(sandbox):
    sandbox.fault("perplexity.reading", "malformed")

    assert wait_for(at(sandbox).complete(PROMPT, "perplexity/sonar")).content.startswith("Here is the JSON")


def test_the_models_are_listed_without_a_date_on_which_they_end(sandbox):
    models = at(sandbox).models()

    assert models["perplexity/sonar"] is None
    assert all("/" in name for name in models)


def test_a_key_is_checked_for_nothing(sandbox):
    at(sandbox).check_key()

    with pytest.raises(Refused, match="the key in PERPLEXITY_API_KEY was not accepted") as caught:
        at(sandbox, "wrong-0b6f2a3e").check_key()

    assert "0b6f2a3e" not in f"{caught.value} {caught.value!r}"
    assert not sandbox.calls("perplexity.agent")


def test_a_key_that_was_refused_is_looked_up_once_and_tried_again(sandbox):
    asked = []

    def other(refused):
        asked.append(refused)
        return KEY

    assert wait_for(at(sandbox, "wrong", another_key=other).ask(RUN)).text
    assert asked == ["wrong"]


@pytest.mark.parametrize("kind", ["429-quota", "403"])
def test_a_refusal_that_does_not_speak_of_the_key_looks_up_no_other(sandbox, kind):
    asked = []
    sandbox.fault("perplexity.agent", kind)

    with pytest.raises(Refused):
        wait_for(at(sandbox, another_key=asked.append).ask(RUN))

    assert asked == []


STATUSES = [
    (400, {}, Refused, None),
    (402, {}, Misconfigured, None),
    (404, {}, Misconfigured, None),
    (408, {}, Unavailable, None),
    (410, {}, Misconfigured, None),
    (422, {}, Refused, None),
    (424, {}, Refused, None),
    (429, {"Retry-After": "7"}, RateLimited, 7),
    (429, {}, RateLimited, None),
    (500, {}, Unavailable, None),
    (503, {"Retry-After": "3"}, Unavailable, 3),
    (529, {}, Unavailable, None),
]


@pytest.mark.parametrize(("status", "headers", "error", "seconds"), STATUSES)
def test_each_status_is_the_error_that_says_what_to_do(vendor, status, headers, error, seconds):
    vendor.says({"error": {"message": "No.", "type": "some_type", "code": status}}, status, **headers)

    with pytest.raises(error) as caught:
        wait_for(provider(vendor.url).ask(RUN))

    assert type(caught.value) is error
    assert (caught.value.status, caught.value.reason, caught.value.usage) == (status, "No.", None)
    assert getattr(caught.value, "retry_after_seconds", None) == seconds


def done(*texts, **changed):
    contents = [{"type": "message", "content": [{"type": "output_text", "text": text}]} for text in texts]
    return {"status": "completed", "output": contents, "usage": {"input_tokens": 9, "output_tokens": 2}} | changed


def test_a_body_that_breaks_off_is_a_passing_failure(vendor):
    vendor.says(done("Good."), cut=True)

    with pytest.raises(Unavailable, match="the connection failed"):
        wait_for(provider(vendor.url).ask(RUN))


@pytest.mark.parametrize("said", [b'{"id": ', b"[1]", b"", b"null", b'"Good."', b"<html></html>"])
def test_a_body_that_is_no_object_cannot_be_used(vendor, said):
    vendor.says(said)

    with pytest.raises(Malformed):
        wait_for(provider(vendor.url).ask(RUN))


def test_the_type_of_the_content_does_not_matter(vendor):
    vendor.says(done("Good."), **{"Content-Type": "text/html"})

    assert wait_for(provider(vendor.url).ask(RUN)).text == "Good."


def test_a_reply_of_a_megabyte_is_read_whole(vendor):
    vendor.says(done("Good.[1] " * 120_000))

    assert len(wait_for(provider(vendor.url).ask(RUN)).text) == 9 * 120_000


@pytest.mark.parametrize("said", ["half a pair \\ud800", "a NUL \\u0000"])
def test_what_cannot_be_stored_is_taken_out(vendor, said):
    vendor.says(json.dumps(done("TOLD")).replace("TOLD", said).encode())

    assert wait_for(provider(vendor.url).ask(RUN)).text in {"half a pair ?", "a NUL "}


@pytest.mark.parametrize("said", [b"[]", b"null", b'{"data": null}'])
def test_a_list_of_models_that_is_none_cannot_be_used(vendor, said):
    vendor.says(said)

    with pytest.raises(Malformed, match="list of models"):
        provider(vendor.url).models()


def test_a_model_without_a_name_is_left_out_of_the_list(vendor):
    vendor.says({"data": [None, {"id": 5}, {"id": ""}, {"id": "perplexity/sonar"}]})

    assert provider(vendor.url).models() == {"perplexity/sonar": None}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("401", (Misconfigured, 401, "the key in PERPLEXITY_API_KEY was not accepted", None)),
        ("sonar-cost-search-results", (Malformed, None, "the answer is empty", Usage(cost_microusd=5000))),
    ],
)
def test_a_recorded_reply_is_the_error_that_it_is(vendor, name, expected):
    path = SHARED / "recorded" / f"perplexity-{name}.json"
    if not path.is_file():
        pytest.skip(f"no recorded reply at {path}; SENSO_SHARED may say where they are")
    recorded = json.loads(path.read_text())["response"]
    vendor.says(recorded["body"], recorded["status"])

    with pytest.raises(expected[0]) as caught:
        wait_for(provider(vendor.url).ask(RUN))

    found = caught.value
    assert (type(found), found.status, found.usage) == (expected[0], expected[1], expected[3])
    assert expected[2] in found.reason


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a quarter of a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 0.25)


@pytest.fixture(scope="module")
def worlds_question():
    """One to which the sandbox's world has an answer with pages."""
    world = World(7)
    return world.questions(world.orgs[0])[2].text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body, status, headers, cut = self.server.said
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = cut

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


class Vendor(ThreadingHTTPServer):
    """Says to every request what a test has set."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def says(self, body, status=200, *, cut=False, **headers):
        self.said = body if isinstance(body, bytes) else json.dumps(body).encode(), status, headers, cut


@pytest.fixture(scope="module")
def vendor():
    with Vendor(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        close()
        server.shutdown()
        thread.join()
