"""Linkup over real HTTP: the sandbox for what it says itself, a small server for what may come from anywhere."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from senso.errors import Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import close, request
from senso.providers import Run, Usage
from senso.providers.linkup import Linkup
from senso.sandbox.world import World

KEY = "sandbox-0b6f2a3e"
RUN = Run(7, "Which lender is best for a first car loan?", "standard", "US", "Ohio", "Dayton")
TWICE = {"retry_after": 2}
FAULTS = [
    # fault, its options: class, status, seconds to wait, words
    ("400", {}, (Refused, 400, None, "did not yield any result")),
    ("401", {}, (Misconfigured, 401, None, "the key in LINKUP_API_KEY was not accepted")),
    ("402", {}, (Misconfigured, 402, None, "Payment required")),
    ("403", {}, (Refused, 403, None, "Forbidden resource")),
    ("403-ip", {}, (Refused, 403, None, "not whitelisted")),
    ("429", TWICE, (RateLimited, 429, 2, "Too many requests")),
    ("429", {}, (RateLimited, 429, None, "Too many requests")),
    ("429-quota", {}, (Misconfigured, 429, None, "enough credits")),
    ("429-budget", {}, (Misconfigured, 429, None, "budget limit")),
    ("429-queue", TWICE, (RateLimited, 429, 2, "tasks are pending")),
    ("429-too-large", {}, (Refused, 400, None, "Validation failed")),
    ("500", {}, (Unavailable, 500, None, "Internal server error")),
    ("502", {}, (Unavailable, 502, None, "502 Bad Gateway")),
    ("503", TWICE, (Unavailable, 503, 2, "Service unavailable")),
    ("504", {}, (Unavailable, 504, None, "took too long")),
    ("drop", {}, (Unavailable, None, None, "the connection failed")),
    ("hang", {"seconds": 1}, (Unavailable, None, None, "did not answer in time")),
    ("malformed", {}, (Malformed, 200, None, "not JSON")),
    ("empty", {}, (Malformed, None, None, "the answer is empty")),
]


def at(sandbox, key=KEY, **more):
    return Linkup(f"{sandbox.url}/linkup", key, **more)


@pytest.mark.parametrize("depth", ["flash", "fast", "standard", "deep"])
def test_a_question_gets_its_answer_at_every_depth(sandbox, depth):
    answer = wait_for(at(sandbox).ask(Run(7, RUN.question, depth, "US")))

    assert (answer.number, answer.model_version) == (7, f"senso-sandbox/linkup/{depth}")
    assert (answer.searched, answer.country, answer.usage) == (True, None, Usage(searches=1))
    assert answer.text


def test_the_pages_that_support_an_answer_are_cited(sandbox, worlds_question):
    answer = wait_for(at(sandbox).ask(Run(7, worlds_question, "standard", "US")))

    assert answer.sources
    assert all(source.cited and source.title and not source.spans for source in answer.sources)
    assert "http" not in answer.text


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), FAULTS)
def test_a_fault_becomes_the_error_that_says_what_to_do(sandbox, kind, options, expected):
    error, status, seconds, words = expected
    sandbox.fault("linkup.search", kind, **options)

    with pytest.raises(error) as caught:
        wait_for(at(sandbox).ask(RUN))

    found = caught.value
    assert type(found) is error
    assert (found.service, found.status) == ("linkup", status)
    assert getattr(found, "retry_after_seconds", None) == pytest.approx(seconds)
    assert words in found.reason
    assert KEY not in f"{found} {found!r}"
    assert found.usage == (Usage(searches=1) if kind == "empty" else None)


@pytest.mark.parametrize(("kind", "titles"), [("no-sources", set()), ("nulls", {None})])
def test_an_odd_list_of_pages_does_not_cost_the_answer(sandbox, worlds_question, kind, titles):
    sandbox.fault("linkup.search", kind)

    answer = wait_for(at(sandbox).ask(Run(7, worlds_question, "standard", "US")))

    assert answer.text
    assert {source.title for source in answer.sources} == titles


def test_a_depth_that_there_is_not_is_refused(sandbox):
    with pytest.raises(Refused, match="Validation failed") as caught:
        wait_for(at(sandbox).ask(Run(7, RUN.question, "deepest", "US")))

    assert caught.value.status == 400


def test_a_key_is_checked_for_nothing(sandbox):
    at(sandbox).check_key()

    with pytest.raises(Refused, match="the key in LINKUP_API_KEY was not accepted") as caught:
        at(sandbox, "wrong-0b6f2a3e").check_key()

    assert "0b6f2a3e" not in f"{caught.value} {caught.value!r}"
    assert not sandbox.calls("linkup.search")


def test_a_key_that_was_refused_is_looked_up_once_and_tried_again(sandbox):
    asked = []

    def other(refused):
        asked.append(refused)
        return KEY

    assert wait_for(at(sandbox, "wrong", another_key=other).ask(RUN)).text
    assert asked == ["wrong"]


@pytest.mark.parametrize("kind", ["403-ip", "429-quota", "429-budget", "402"])
def test_a_refusal_that_does_not_speak_of_the_key_looks_up_no_other(sandbox, kind):
    asked = []
    sandbox.fault("linkup.search", kind)

    with pytest.raises(Refused):
        wait_for(at(sandbox, another_key=asked.append).ask(RUN))

    assert asked == []


STATUSES = [
    (400, {}, Refused, None),
    (404, {}, Misconfigured, None),
    (408, {}, Unavailable, None),
    (409, {}, Unavailable, None),
    (410, {}, Misconfigured, None),
    (413, {}, Refused, None),
    (429, {"Retry-After": "7"}, RateLimited, 7),
    (429, {}, RateLimited, None),
    (500, {}, Unavailable, None),
    (503, {"Retry-After": "3"}, Unavailable, 3),
    (529, {}, Unavailable, None),
]


@pytest.mark.parametrize(("status", "headers", "error", "seconds"), STATUSES)
def test_each_status_is_the_error_that_says_what_to_do(vendor, status, headers, error, seconds):
    body = {"statusCode": status, "error": {"code": "SOME_CODE", "message": "No.", "details": []}}
    vendor.says(body, status, **headers)

    with pytest.raises(error) as caught:
        wait_for(Linkup(vendor.url, KEY).ask(RUN))

    assert type(caught.value) is error
    assert (caught.value.status, caught.value.reason, caught.value.usage) == (status, "No.", None)
    assert getattr(caught.value, "retry_after_seconds", None) == seconds


@pytest.mark.parametrize("said", [b'{"statusCode": 429}', b'{"error": "No."}', b'{"error": {"code": 5}}', b"No.", b""])
def test_a_refusal_in_another_form_is_told_by_its_status(vendor, said):
    vendor.says(said, 429)

    with pytest.raises(RateLimited):
        wait_for(Linkup(vendor.url, KEY).ask(RUN))


def test_a_body_that_breaks_off_is_a_passing_failure(vendor):
    vendor.says({"answer": "Good.", "sources": []}, cut=True)

    with pytest.raises(Unavailable, match="the connection failed"):
        wait_for(Linkup(vendor.url, KEY).ask(RUN))


@pytest.mark.parametrize("said", [b'{"answer": ', b"[1]", b"", b"null", b'"Good."', b"<html></html>"])
def test_a_body_that_is_no_object_cannot_be_used(vendor, said):
    vendor.says(said)

    with pytest.raises(Malformed):
        wait_for(Linkup(vendor.url, KEY).ask(RUN))


def test_the_type_of_the_content_does_not_matter(vendor):
    vendor.says({"answer": "Good.", "sources": None}, **{"Content-Type": "text/html"})

    assert wait_for(Linkup(vendor.url, KEY).ask(RUN)).text == "Good."


def test_a_reply_of_a_megabyte_is_read_whole(vendor):
    vendor.says({"answer": "Good. " * 180_000, "sources": []})

    assert len(wait_for(Linkup(vendor.url, KEY).ask(RUN)).text) == 6 * 180_000


@pytest.mark.parametrize("said", ["half a pair \\ud800", "a NUL \\u0000"])
def test_what_cannot_be_stored_is_taken_out(vendor, said):
    vendor.says(b'{"answer": "TOLD"}'.replace(b"TOLD", said.encode()))

    assert wait_for(Linkup(vendor.url, KEY).ask(RUN)).text in {"half a pair ?", "a NUL "}


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
