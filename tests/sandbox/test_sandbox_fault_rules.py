import re
from contextlib import suppress
from pathlib import Path

import pytest
from batch_client import CHAT, jsonl, lines
from sandbox_client import KEY, Client

from senso import slack
from senso.sandbox.env import SLACK
from senso.sandbox.fault_kinds import KINDS, PLACES
from senso.sandbox.fault_rules import Rule, line_of, rule_from, rule_in, rule_of
from senso.sandbox.server import Settings, running
from senso.sandbox.state import Timing

V3 = "/brightdata/datasets/v3"
PUSH = {"Authorization": "Bearer sandbox-token", "Idempotency-Key": "push:1"}
RIGHT = "sandbox-key"
PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.mark.parametrize(
    "line",
    [
        "openai.chat 429 share=10% retry_after=2",
        "application drop-after times=3",
        "brightdata.snapshot empty 'match=a car loan'",
        "openai.responses hang seconds=0.5",
        "brightdata.cancel 500",
    ],
)
def test_a_rule_is_typed_as_it_is_shown(line):
    assert line_of(rule_in(line)) == line


def test_a_line_an_object_and_a_form_say_the_same():
    wanted = Rule("openai.chat", "429", share=0.25, times=2, match="car loan", retry_after=1.5)
    said = {"share": "25%", "times": " 2 ", "match": "car loan", "retry_after": "1.5", "seconds": ""}
    as_object = {"share": 0.25, "times": 2, "match": "car loan", "retry_after": 1.5}

    assert rule_in("openai.chat 429 share=0.25 times=2 match='car loan' retry_after=1.5") == wanted
    assert rule_of({"where": "openai.chat", "kind": "429", **said}) == wanted
    assert rule_from({"where": "openai.chat", "kind": "429", **as_object}) == wanted


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "write PLACE KIND"),
        ("openai.chat", "write PLACE KIND"),
        ("openai 429", "places are openai.responses"),
        ("openai.chat unlisted", "there are 400, 401, 404, 410, 429"),
        ("openai.chat 429 often", "not one of share="),
        ("openai.chat 429 rate=1", "not one of share="),
        ("openai.chat 429 share=", "share is a number"),
        ("openai.chat 429 share=101%", "between 0 and 1"),
        ("openai.chat 429 share=nan", "between 0 and 1"),
        ("openai.chat 429 times=0", "whole number from 1"),
        ("openai.chat 429 times=1.5", "times is a number"),
        ("openai.chat hang seconds=-1", "between 0 and 86400"),
        ("openai.chat 429 retry_after=inf", "between 0 and 86400"),
        ("openai.chat 429 'match=car", "no closing quotation"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_right(line, words):
    with pytest.raises(ValueError, match=re.escape(words)) as refused:
        rule_in(line)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("wrong", [{"share": "1"}, {"times": True}, {"match": 3}, {"seconds": [1]}, {"kind": ["429"]}])
def test_an_object_with_a_value_of_another_type_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        rule_from({"where": "openai.chat", "kind": "429", **wrong})


def test_every_place_is_explained():
    assert KINDS.keys() == PLACES.keys()


@pytest.mark.parametrize(("place", "kind"), [(place, kind) for place in KINDS for kind in KINDS[place]])
def test_every_fault_strikes_where_it_is_said_to(client, place, kind):
    job = client.trigger("Who?").json()["snapshot_id"]
    client.fault(place, kind, seconds=0.01)

    call(client, place, job)

    assert [rule["fired"] > 0 for rule in client.control("faults")] == [True]


def test_the_page_lists_every_fault():
    assert table() in PAGE.read_text()


def test_faults_can_strike_from_the_start():
    with running(Settings(timing=Timing(0, 0, 0), faults=[rule_in("openai.chat 500")])) as url:
        assert Client(url).chat().status_code == 500


def test_one_fault_is_removed_by_its_number(client):
    client.fault("openai.chat", "429")
    client.fault("openai.chat", "500")
    client.control("faults/0", method="DELETE")

    assert client.chat().status_code == 500
    assert [rule["number"] for rule in client.control("faults")] == [1]
    assert client.control("faults/0", method="DELETE")["status"] == 404


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
ASKED = [{"role": "user", "content": "Who?"}]
AGENT = {"model": "perplexity/sonar", "input": "Who?", "max_output_tokens": 100}
CLAUDE = {"model": "claude-haiku-5-5", "max_tokens": 100, "messages": ASKED}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Who?"}]}]}
AS_JSON = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
FORMAT = {"type": "json_schema", "json_schema": {"name": "who", "strict": True, "schema": SCHEMA}}
GENERATE = "/gemini/v1beta/models/gemini-3.8-flash:generateContent"
# Path, body (None: a GET), and the header of the key.
VENDOR_CALLS = {
    "anthropic.messages": ("/anthropic/v1/messages", CLAUDE, "x-api-key"),
    "anthropic.reading": (
        "/anthropic/v1/messages",
        CLAUDE | {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        "x-api-key",
    ),
    "anthropic.models": ("/anthropic/v1/models", None, "x-api-key"),
    "azure.responses": ("/azure/openai/v1/responses", {"model": "gpt-4.1", "input": "Who?"}, "api-key"),
    "azure.chat": ("/azure/openai/v1/chat/completions", {"model": "gpt-4.1", "messages": ASKED}, "api-key"),
    "azure.models": ("/azure/openai/v1/models", None, "api-key"),
    "gemini.generate": (GENERATE, GEMINI, "x-goog-api-key"),
    "gemini.reading": (GENERATE, GEMINI | {"generationConfig": AS_JSON}, "x-goog-api-key"),
    "gemini.models": ("/gemini/v1beta/models", None, "x-goog-api-key"),
    "linkup.search": (
        "/linkup/v1/search",
        {"q": "Who?", "depth": "standard", "outputType": "sourcedAnswer"},
        "Authorization",
    ),
    "perplexity.agent": ("/perplexity/v1/agent", AGENT, "Authorization"),
    "perplexity.reading": ("/perplexity/v1/agent", AGENT | {"response_format": FORMAT}, "Authorization"),
}


def vendor_call(client, place):
    path, body, header = VENDOR_CALLS[place]
    headers = {header: f"Bearer {RIGHT}" if header == "Authorization" else RIGHT, "anthropic-version": "2023-06-01"}
    return client.get(path, headers) if body is None else client.post(path, body, headers)


def call(client, place, job):
    """One call at the place; for what strikes a job the job is new."""
    calls = {
        "openai.responses": client.responses,
        "openai.chat": client.chat,
        "brightdata.trigger": lambda: client.trigger("Who?"),
        "brightdata.progress": lambda: (client.trigger("Who?"), client.get(f"{V3}/progress/{job}")),
        "brightdata.snapshot": lambda: (client.trigger("Who?"), client.get(f"{V3}/snapshot/{job}")),
        "brightdata.snapshots": lambda: client.get(f"{V3}/snapshots?dataset_id=x"),
        "brightdata.input": lambda: client.get(f"{V3}/snapshot/{job}/input"),
        "brightdata.cancel": lambda: client.post(f"{V3}/snapshot/{job}/cancel", None),
        "openai.files": lambda: upload(client),
        "openai.batches": lambda: batch(client),
        "openai.batch-line": lambda: batch(client),
        **{at: lambda at=at: vendor_call(client, at) for at in VENDOR_CALLS},
        "application": lambda: client.post("/application/analytics", {"schema_version": 1}, headers=PUSH),
        "slack": lambda: client.post(SLACK, slack.body("Who?")),
    }
    with suppress(OSError):  # cut, as asked for
        calls[place]()


def upload(client):
    given = {"files": {"file": ("batch.jsonl", jsonl(lines(1)))}, "data": {"purpose": "batch"}}
    return client.http.post(f"{client.url}/openai/v1/files", headers=KEY, timeout=5, **given).json()


def batch(client):
    wanted = {"input_file_id": upload(client)["id"], "endpoint": CHAT, "completion_window": "24h"}
    return client.post("/openai/v1/batches", wanted)


def table():
    """As docs/sandbox.md has it."""
    parts = []
    for place, kinds in KINDS.items():
        rows = "".join(f"| `{kind}` | {does} |\n" for kind, does in kinds.items())
        parts.append(f"`{place}`: {PLACES[place]}\n\n| kind | what happens |\n|---|---|\n{rows}")
    return "\n".join(parts)


if __name__ == "__main__":
    print(table())
