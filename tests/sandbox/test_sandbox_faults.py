import json
import time

import openai
import pytest
import requests
from sandbox_client import CHATGPT, reading_request

V3 = "/brightdata/datasets/v3"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("429", (429, "tokens", "rate_limit_exceeded")),
        ("429-too-large", (429, "tokens", "rate_limit_exceeded")),
        ("429-quota", (429, "insufficient_quota", "insufficient_quota")),
        ("500", (500, "server_error", None)),
        ("503", (503, "service_unavailable_error", "server_is_overloaded")),
        ("401", (401, "invalid_request_error", "invalid_api_key")),
    ],
)
@pytest.mark.parametrize("where", ["responses", "chat"])
def test_openai_fails_in_its_own_words(client, where, kind, expected):
    client.fault(f"openai.{where}", kind)
    reply = getattr(client, where)()

    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["code"]) == expected
    assert "retry-after" not in reply.headers


@pytest.mark.parametrize(
    ("more", "header", "words"),
    [({"retry_after": 1}, "1", "in 1s"), ({"retry_after": 600}, "600", "in 600s"), ({}, None, "in 174ms")],
)
def test_a_rate_limit_says_when_to_come_back_in_a_header_or_in_words(client, more, header, words):
    client.fault("openai.responses", "429", **more)
    reply = client.responses()

    assert reply.headers.get("retry-after") == header
    assert words in reply.json()["error"]["message"]


def test_the_sdk_raises_what_it_should(client):
    client.fault("openai.responses", "429-quota")
    with (
        openai.OpenAI(api_key="sandbox", base_url=f"{client.url}/openai/v1", max_retries=0) as sdk,
        pytest.raises(openai.RateLimitError, match="exceeded your current quota"),
    ):
        sdk.responses.create(model="gpt-4.1", input="x")


def test_a_proxy_answers_with_a_page(client):
    client.fault("openai.chat", "502")
    reply = client.chat()

    assert (reply.status_code, reply.text[:6]) == (502, "<html>")


@pytest.mark.parametrize("where", ["openai.responses", "openai.chat", "brightdata.trigger", "application"])
def test_a_dropped_call_gets_no_reply_and_is_in_the_log(client, where):
    client.fault(where, "drop")
    calls = {"openai.responses": client.responses, "openai.chat": client.chat, "brightdata.trigger": lambda: client.trigger("x"), "application": lambda: client.post("/application/analytics", {})}  # fmt: skip # noqa: E501
    with pytest.raises(requests.ConnectionError):
        calls[where]()

    assert [(call["status"], call["fault"]) for call in client.control(f"calls?where={where}")] == [(None, "drop")]


def test_a_hanging_call_hangs_and_is_cut(client):
    client.fault("openai.responses", "hang", seconds=0.2)
    start = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        client.responses()

    assert time.monotonic() - start > 0.2


def test_malformed_is_a_broken_body_or_for_a_reading_broken_content(client):
    client.control("faults", [{"where": where, "kind": "malformed"} for where in ("openai.responses", "openai.chat")])
    chat = client.chat()

    with pytest.raises(requests.JSONDecodeError):
        client.responses().json()
    with pytest.raises(json.JSONDecodeError):
        json.loads(chat.json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    ("kind", "content", "finish"),
    [("refusal", type(None), "stop"), ("length", str, "length"), ("empty", str, "length")],
)
def test_a_reading_can_be_refused_cut_or_empty(client, kind, content, finish):
    client.fault("openai.chat", kind)
    reply = client.chat(reading_request("Acme.", "Acme")).json()

    choice = reply["choices"][0]
    assert (type(choice["message"]["content"]), choice["finish_reason"]) == (content, finish)
    assert (choice["message"]["refusal"] is not None) == (kind == "refusal")
    assert (reply["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0) == (kind == "empty")
    assert (choice["message"]["content"] == "") == (kind == "empty")


@pytest.mark.parametrize(("kind", "status", "part"), [("refusal", "completed", "refusal"), ("length", "incomplete", "output_text"), ("empty", "completed", "output_text")])  # fmt: skip # noqa: E501
def test_an_answer_can_be_refused_cut_or_empty(client, kind, status, part):
    client.fault("openai.responses", kind)
    found = client.responses().json()

    content = found["output"][-1]["content"][0]
    assert (found["status"], content["type"]) == (status, part)
    assert (content.get("text") == "") == (kind == "empty")


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("429", 429, "You have too many running jobs for this dataset."),
        ("429-quota", 402, "Insufficient balance"),
        ("500", 500, "Internal server error"),
        ("503", 503, "Service Unavailable"),
        ("401", 401, "Invalid credentials"),
        ("malformed", 200, '{"id": "broken"'),
    ],
)
def test_brightdata_fails_in_plain_text(client, kind, status, words):
    client.fault("brightdata.trigger", kind, retry_after=3)
    reply = client.trigger("Who?")

    assert (reply.status_code, reply.text[: len(words)]) == (status, words)


@pytest.mark.parametrize("where", ["progress", "snapshot"])
def test_looking_and_fetching_can_fail_too(client, where):
    id_ = client.trigger("Who?").json()["snapshot_id"]
    client.fault(f"brightdata.{where}", "500", times=1)

    assert [client.get(f"{V3}/{where}/{id_}").status_code < 300 for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [("never-ready", {"running"}), ("snapshot-failed", {"failed"}), ("unknown-status", {"digesting", "ready"})],
)
def test_a_job_can_have_a_bad_fate(client, kind, statuses):
    client.control("timing", {"snapshot_seconds": 0.05})
    client.fault("brightdata.snapshot", kind, times=1)
    id_ = client.trigger("Who?").json()["snapshot_id"]
    time.sleep(0.01)
    seen = {client.progress(id_)["status"]}
    time.sleep(0.06)
    seen.add(client.progress(id_)["status"])

    assert seen - {"starting", "running"} == statuses - {"running"}
    assert client.progress(id_)["status"] in statuses
    assert ("error_message" in client.progress(id_)) == (kind == "snapshot-failed")


def records(client, query="include_errors=true"):
    return client.download(client.trigger("good", "bad", query=query).json()["snapshot_id"]).json()


@pytest.mark.parametrize(
    ("kind", "query", "check"),
    [
        ("missing-records", "include_errors=true", lambda bad: bad is None),
        ("error-records", "include_errors=true", lambda bad: bad["error_code"] == "timeout"),
        ("error-records", "", lambda bad: bad is None),
        ("null-index", "", lambda bad: bad["index"] is None and bad["input"]["index"] == 2),
        ("echo-prompt", "", lambda bad: bad["answer_text"] == bad["prompt"]),
        ("empty", "", lambda bad: bad["answer_text_markdown"] == ""),
        ("wrong-country", "", lambda bad: bad["country"] == "DE"),
        ("null-citations", "", lambda bad: bad["citations"] is None),
    ],
)
def test_a_single_record_can_be_spoiled(client, kind, query, check):
    client.fault("brightdata.snapshot", kind, match="bad")
    found = {record["input"]["prompt"]: record for record in records(client, query)}

    assert found["good"]["answer_text"]
    assert check(found.get("bad"))


def test_an_error_record_says_so_whatever_fields_were_wanted(client):
    client.fault("brightdata.snapshot", "error-records", match="bad")
    found = records(client, "include_errors=true&custom_output_fields=prompt")

    assert sorted(map(len, found)) == [1, 4]


def test_a_job_whose_records_are_all_missing_is_empty(client):
    client.fault("brightdata.snapshot", "missing-records")
    reply = client.download(client.trigger("x").json()["snapshot_id"])

    assert (reply.status_code, reply.text) == (400, "Snapshot is empty")


def test_a_trigger_can_do_its_work_and_lose_the_reply(client):
    client.fault("brightdata.trigger", "drop-after")
    with pytest.raises(requests.ConnectionError):
        client.trigger("lost and found")

    call = client.control("calls")[-1]
    assert "lost and found" in client.get(f"{V3}/snapshot/{call['snapshot_id']}/input").text


def test_the_list_of_jobs_can_lag_behind(client):
    id_ = client.trigger("Who?").json()["snapshot_id"]
    client.fault("brightdata.snapshots", "unlisted", times=1)
    lists = [client.get(f"{V3}/snapshots?dataset_id={CHATGPT}").json() for _ in range(2)]

    assert (lists[0], lists[1][0]["id"]) == ([], id_)


@pytest.mark.parametrize("where", ["snapshots", "input", "cancel"])
def test_what_is_asked_about_a_job_can_fail(client, where):
    id_ = client.trigger("Who?").json()["snapshot_id"]
    client.fault(f"brightdata.{where}", "503")
    path = f"snapshots?dataset_id={CHATGPT}" if where == "snapshots" else f"snapshot/{id_}/{where}"
    reply = client.post(f"{V3}/{path}", None) if where == "cancel" else client.get(f"{V3}/{path}")

    assert reply.status_code == 503


def test_a_rule_strikes_as_often_as_it_says_and_where_it_matches(client):
    client.fault("openai.responses", "500", times=2, match="bank")
    statuses = [client.responses(input=text).status_code for text in ("Who?", "a bank", "a bank", "a bank")]

    assert statuses == [200, 500, 500, 200]
    assert client.control("faults")[0]["fired"] == 2


def test_a_share_strikes_about_that_share_and_the_same_ones_again(client):
    def strikes():
        client.control("faults", method="DELETE")
        client.fault("openai.responses", "500", share=0.3)
        return [client.responses(input=f"question {n}").status_code for n in range(60)]

    first, second = strikes(), strikes()

    assert first == second
    assert 8 <= first.count(500) <= 30


def test_a_share_draws_again_for_each_try(client):
    client.fault("openai.responses", "500", share=0.5)

    assert {client.responses().status_code for _ in range(20)} == {200, 500}


@pytest.mark.parametrize(
    "rule",
    [
        {"where": "moon", "kind": "500"},
        {"where": "openai.chat", "kind": "never-ready"},
        {"where": "openai.chat"},
        {"where": "openai.chat", "kind": "500", "colour": "red"},
        {"where": "openai.chat", "kind": "500", "share": 2},
        "text",
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_whole(client, rule):
    good = {"where": "openai.chat", "kind": "500"}
    reply = client.post("/_sandbox/faults", [good, rule])

    assert (reply.status_code, set(reply.json())) == (400, {"error", "status"})
    assert client.control("faults") == []


@pytest.mark.parametrize("timing", [{"answer_seconds": -1}, {"coffee": 1}, {"answer_seconds": "long"}])
def test_timing_that_makes_no_sense_is_refused(client, timing):
    assert client.post("/_sandbox/timing", timing).status_code == 400


def test_timing_holds_from_the_next_call_on(client):
    client.control("timing", {"answer_seconds": 0.1})
    start = time.monotonic()
    client.responses()

    assert time.monotonic() - start >= 0.1


def test_every_call_is_logged_in_order_without_keys(client, world):
    question = world.questions(world.orgs[0])[0].text
    client.responses(input=question)
    client.chat(reading_request("Acme.", "Acme", question="Who is best?"))
    client.trigger("first", "second")
    calls = client.control("calls")

    assert [call["where"] for call in calls] == ["openai.responses", "openai.chat", "brightdata.trigger"]
    assert (calls[0]["question"], calls[0]["model"], calls[0]["country"]) == (question, "gpt-4.1", "US")
    assert (calls[1]["question"], calls[1]["organisation"], calls[1]["schema"]) == (
        "Who is best?",
        "Acme",
        "answer_reading",
    )
    assert [asked["prompt"] for asked in calls[2]["inputs"]] == ["first", "second"]
    assert all(call["status"] == 200 for call in calls)
    assert "sandbox-key" not in json.dumps(calls)
