"""Azure OpenAI over real HTTP: every case ends in an answer, or in the error that says what to do and what it cost."""

import json
import os
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from senso.errors import ConfigError, CutOff, Malformed, Misconfigured, OutsideError, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import close, request
from senso.providers import Parameters, Prompt, Run, Usage
from senso.providers.azure import SERVICE, AzureOpenAI
from senso.sandbox.world import World

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared"))
KEY = "sandbox-0b6f2a3e"
VERSION = "2025-04-01-preview"
WORLD = World(7, orgs=3, questions=4)
RUN = Run(7, WORLD.questions(WORLD.orgs[0])[0].text, "gpt-4.1", "US", "California")
SCHEMA = {
    "type": "object",
    "properties": {"mentioned": {"type": "boolean"}},
    "required": ["mentioned"],
    "additionalProperties": False,
}
PROMPT = Prompt("Read.", "A text.", "reading", SCHEMA)
MODEL = "gpt-4.1-mini"
TWO = {"retry_after": 2}

# fault, its options: class, status, seconds to wait, whether it was billed, words
REFUSALS = [
    ("401", {}, (Misconfigured, 401, None, False, "the key in AZURE_OPENAI_KEY was not accepted")),
    ("410", {}, (Misconfigured, 410, None, False, "is retired")),
    ("429", TWO, (RateLimited, 429, 2, False, "exceeded the token rate limit")),
    ("429", {}, (RateLimited, 429, 33, False, "exceeded the token rate limit")),
    ("429-quota", {}, (Misconfigured, 429, None, False, "exceeded your current quota")),
    ("429-too-large", {}, (Refused, 400, None, False, "maximum context length")),
    ("500", {}, (Unavailable, 500, None, False, "server had an error")),
    ("502", {}, (Unavailable, 502, None, False, "502 Bad Gateway")),
    ("503", TWO, (Unavailable, 503, 2, False, "temporarily unable")),
    ("503", {}, (Unavailable, 503, None, False, "temporarily unable")),
    ("content-filter", {}, (Refused, 400, None, False, "content management policy")),
    ("content-filter-bare", {}, (Refused, 400, None, False, "content management policy")),
    ("drop", {}, (Unavailable, None, None, False, "the connection failed")),
    ("hang", {"seconds": 1}, (Unavailable, None, None, False, "did not answer in time")),
]
ANSWERS = [
    ("malformed", {}, (Malformed, 200, None, False, "not JSON")),
    ("refusal", {}, (Refused, None, None, True, "refused to answer")),
    ("length", {}, (CutOff, None, None, True, "incomplete: max_output_tokens")),
    ("empty", {}, (Malformed, None, None, True, "the answer is empty")),
    ("filtered", {}, (Malformed, None, None, True, "incomplete: content_filter")),
    ("failed", {}, (Unavailable, None, None, True, "server_error")),
]
READINGS = [
    ("refusal", {}, (Refused, None, None, True, "refused to read")),
    ("length", {}, (CutOff, None, None, True, "ended with length")),
    ("empty", {}, (CutOff, None, None, True, "ended with length")),
    ("filtered", {}, (Malformed, None, None, True, "ended with content_filter")),
]


@pytest.fixture(params=[None, VERSION], ids=["v1", "classic"])
def vendor(sandbox, request):
    return AzureOpenAI(f"{sandbox.url}/azure", KEY, api_version=request.param)


def test_a_question_gets_its_answer_with_sources(vendor):
    answer = wait_for(vendor.ask(RUN))

    truth = WORLD.answer(RUN.question, "gpt-4.1", "US")
    assert (answer.number, answer.text, answer.error, answer.searched) == (7, truth.text, None, True)
    assert answer.model_version == "senso-sandbox/gpt-4.1-2025-04-14"
    assert answer.queries == (RUN.question,)
    assert answer.vendor_id.startswith("resp_")
    assert answer.usage.tokens_in > answer.usage.tokens_out > 0
    assert {one.url: one.cited for one in answer.sources} == {one.url: one.cited for one in truth.sources}
    assert all(answer.text[first:last].endswith(f"({one.url}))") for one in answer.sources for first, last in one.spans)
    assert all(one.spans for one in answer.sources if one.cited)


def test_a_deployment_may_have_any_name(vendor):
    answer = wait_for(vendor.ask(Run(7, RUN.question, "our-answers", "US")))

    assert answer.model_version == "senso-sandbox/gpt-4.1-2025-04-14"


def test_structured_output_comes_back_as_it_was_said(vendor):
    completion = wait_for(vendor.complete(PROMPT, MODEL))

    assert json.loads(completion.content) == {"mentioned": False}
    assert (completion.provider, completion.model_version) == (SERVICE, "senso-sandbox/gpt-4.1-mini-2025-04-14")
    assert completion.usage.tokens_in


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), REFUSALS + ANSWERS)
def test_a_fault_of_an_answer_becomes_the_error_that_says_what_to_do(sandbox, vendor, kind, options, expected):
    sandbox.fault("azure.responses", kind, **options)

    with pytest.raises(OutsideError) as caught:
        wait_for(vendor.ask(RUN))

    assert as_said(caught.value, expected[4]) == expected


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "options", "expected"), REFUSALS + READINGS)
def test_a_fault_of_a_reading_becomes_the_error_that_says_what_to_do(sandbox, vendor, kind, options, expected):
    sandbox.fault("azure.chat", kind, **options)

    with pytest.raises(OutsideError) as caught:
        wait_for(vendor.complete(PROMPT, MODEL))

    assert as_said(caught.value, expected[4]) == expected


def as_said(error, words):
    """In the form of the tables, if it names the service and the words, and never the key."""
    assert error.service == SERVICE
    assert KEY not in f"{error} {error!r}"
    seconds, billed = getattr(error, "retry_after_seconds", None), bool(error.usage and error.usage.tokens_in)
    return type(error), error.status, seconds, billed, words if words in error.reason else error.reason


@pytest.mark.parametrize("where", ["responses", "chat"])
def test_a_deployment_that_is_missing_is_refused(vendor, where):
    with pytest.raises(Refused) as caught:
        wait_for(vendor.ask(Run(7, "Who?", "none", "US")) if where == "responses" else vendor.complete(PROMPT, "none"))

    status, words = (
        (404, "deployment for this resource does not exist") if vendor.api_version else (400, "Unknown model")
    )
    assert caught.value.status == status
    assert words in caught.value.reason


def test_a_parameter_that_the_model_does_not_take_is_refused(vendor):
    with pytest.raises(Refused, match="temperature") as caught:
        wait_for(vendor.complete(PROMPT, "gpt-5-mini", Parameters(temperature=True)))

    assert caught.value.status == 400


def test_a_model_that_thinks_is_sent_what_it_takes(vendor):
    parameters = Parameters(temperature=False, reasoning_effort=("minimal", "low"))

    assert wait_for(vendor.complete(PROMPT, "gpt-5-mini", parameters)).content


def test_two_messages_stay_apart_and_the_commentary_is_left_out(sandbox, vendor):
    plain = wait_for(vendor.ask(RUN)).text
    sandbox.fault("azure.responses", "two-messages")

    assert wait_for(vendor.ask(RUN)).text == f"Here is what I found\n\n{plain}"


def test_null_in_the_place_of_a_text_does_not_cost_the_answer(sandbox, vendor):
    plain = wait_for(vendor.ask(RUN)).text
    sandbox.fault("azure.responses", "null-text")

    assert wait_for(vendor.ask(RUN)).text == plain


def test_the_models_are_listed_with_the_days_of_their_retirement(vendor):
    vendor.check_key()

    assert str(vendor.models()["gpt-4.1-2025-04-14"]) == "2027-04-14"


@pytest.mark.parametrize("key", ["wrong-0b6f2a3e", "wrong-0b6f2a3e\n", "wrong-0b6f2a3\u2026"])
def test_a_wrong_key_is_never_repeated(sandbox, key):
    vendor = AzureOpenAI(f"{sandbox.url}/azure", key)

    for call in (lambda: wait_for(vendor.ask(RUN)), vendor.check_key, vendor.models):
        with pytest.raises((Refused, ConfigError)) as caught:
            call()

        assert "0b6f2a3" not in f"{caught.value} {caught.value!r}"


def test_an_address_that_is_none_is_a_mistake_of_configuration():
    with pytest.raises(ConfigError, match="azure_openai: its base URL"):
        wait_for(AzureOpenAI("vendor.example", KEY).ask(RUN))


ANSWER = {
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Bank A leads."}]}],
    "usage": {"input_tokens": 100, "output_tokens": 20},
}


def reply(body, *, status=200, kind="application/json", length=None, headers=()):
    """The bytes of a reply; `length`: what it says of its length."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Any", f"Content-Type: {kind}", f"Content-Length: {length or len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers] + ["Connection: close", "", ""]
    return "\r\n".join(lines).encode() + content


@contextmanager
def serving(*replies, made=AzureOpenAI):
    """A provider whose calls are answered by these bytes in turn, each of which ends the connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        for told in replies:
            connection, _ = listening.accept()
            with connection:
                read_request(connection)
                connection.sendall(told)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield made(f"http://127.0.0.1:{listening.getsockname()[1]}", KEY)
    finally:
        thread.join(10)
        listening.close()
        close()


def read_request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65_536)


@pytest.mark.parametrize(
    ("told", "expected", "status", "words"),
    [
        (reply(ANSWER, length=5_000), Unavailable, None, "the connection failed"),
        (reply('{"status": "comp'), Malformed, 200, "not JSON"),
        (reply("<html>Sign in</html>", kind="text/html"), Malformed, 200, "not JSON"),
        (reply(""), Malformed, 200, "not JSON"),
        (reply("[]"), Malformed, None, "not a JSON object"),
        (reply("", status=410), Misconfigured, 410, "is retired: no reason given"),
        (reply({"error": "Gone"}, status=410), Misconfigured, 410, "is retired: Gone"),
        (reply({"error": {"code": "403", "message": "Firewall rules."}}, status=403), Refused, 403, "Firewall"),
        (reply("", status=429, headers=[("Retry-After", "5")]), RateLimited, 429, "no reason given"),
        (reply("", status=529), Unavailable, 529, "no reason given"),
        (reply(ANSWER | {"error": "text", "status": "failed"}), Unavailable, None, "no reason given"),
        (reply(ANSWER | {"output": [None]}), Malformed, None, "empty"),
    ],
)
def test_a_reply_that_is_none_becomes_one_of_our_errors(told, expected, status, words):
    with serving(told) as vendor, pytest.raises(OutsideError, match=words) as caught:
        wait_for(vendor.ask(RUN))

    assert (type(caught.value), caught.value.status) == (expected, status)


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=latin-1", "application/octet-stream"])
def test_a_reply_is_read_whatever_its_content_type(kind):
    with serving(reply(ANSWER, kind=kind)) as vendor:
        answer = wait_for(vendor.ask(RUN))

    assert (answer.text, answer.usage) == ("Bank A leads.", Usage(tokens_in=100, tokens_out=20))


def test_a_reply_of_a_megabyte_is_read():
    text = "Bank A leads. " * 75_000
    part = {"type": "output_text", "text": text}

    with serving(reply(ANSWER | {"output": [{"type": "message", "content": [part]}]})) as vendor:
        assert wait_for(vendor.ask(RUN)).text == text


def test_what_a_database_cannot_store_is_taken_out():
    told = json.dumps(ANSWER).replace("Bank A", "Bank\\u0000 \\ud83d A")

    with serving(reply(told)) as vendor:
        assert wait_for(vendor.ask(RUN)).text == "Bank ? A leads."


def recorded(name):
    path = SHARED / "recorded" / f"azure-{name}.json"
    if not path.exists():
        pytest.skip(f"no recorded answers at {SHARED}; SENSO_SHARED may say where they are")
    found = json.loads(path.read_text())["response"]
    headers = [(name, value) for name, value in found["headers"].items() if name.lower().startswith(("x-", "apim-"))]
    return reply(found["body"], status=found["status"], headers=headers)


def test_a_recorded_completion_is_read_over_http():
    with serving(recorded("chat-deployment-api-version")) as vendor:
        completion = wait_for(vendor.complete(PROMPT, "gpt-4o"))

    assert completion.content == "The capital of France is **Paris**."
    assert completion.usage == Usage(tokens_in=14, tokens_out=9)


def test_a_recorded_filter_is_refused_over_http():
    with (
        serving(recorded("400-content-filter")) as vendor,
        pytest.raises(Refused, match="content management") as caught,
    ):
        wait_for(vendor.complete(PROMPT, "gpt-5-mini"))

    assert (caught.value.status, caught.value.usage) == (400, None)


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a quarter of a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 0.25)
