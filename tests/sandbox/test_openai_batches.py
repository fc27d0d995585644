"""OpenAI's own library (openai 3.54) against the sandbox's batches."""

import hashlib
import json
import time

import openai
import pytest
from batch_client import CHAT, Batches, line, lines
from sandbox_client import KEY, OVER, reading_request

from senso.sandbox.openai import batch_lines

LINE = "openai.batch-line"


@pytest.fixture
def sdk(client):
    with openai.OpenAI(api_key="sandbox-key", base_url=f"{client.url}/openai/v1", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def batches(sdk):
    return Batches(sdk)


def create(client, **body):
    return client.post("/openai/v1/batches", {"endpoint": CHAT, "completion_window": "24h"} | body)


def test_a_new_batch_is_validating_and_has_neither_counts_nor_files(client, batches):
    client.control("timing", {"batch_seconds": 60})

    batch = batches.create(lines(2), metadata={"org": "1"})

    assert (batch.object, batch.status, batch.endpoint) == ("batch", "validating", CHAT)
    assert (batch.request_counts.total, batch.model, batch.errors) == (0, None, None)
    assert (batch.output_file_id, batch.error_file_id) == (None, None)
    assert (batch.expires_at - batch.created_at, batch.completion_window) == (86_400, "24h")
    assert batch.metadata == {"org": "1"}
    assert batch.usage.total_tokens == 0


def test_a_batch_goes_through_its_life(client, sdk, batches):
    client.control("timing", {"batch_seconds": 0.5})
    batch = batches.create(lines(3))
    seen = [batch.status]
    while seen[-1] not in OVER:
        seen.append(sdk.batches.retrieve(batch.id).status)

    batch = sdk.batches.retrieve(batch.id)
    life = ["validating", "in_progress", "finalizing", "completed"]
    assert list(dict.fromkeys(seen)) == [
        status for status in life if status in seen
    ]  # a poll may come too late for one
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert (batch.failed_at, batch.expired_at, batch.cancelling_at, batch.cancelled_at) == (None,) * 4
    assert batch.model == "senso-sandbox/gpt-4.1-mini-2025-04-14"


def test_the_timing_of_a_batch_is_set_while_it_runs(client):
    assert client.control("timing", {"batch_seconds": 7})["batch_seconds"] == 7


def test_every_line_gets_the_answer_that_chat_gives(client, batches):
    rows = [line("known", "1. **Acme** is praised.\n2. **Globex** is slow.", "Globex"), line("absent", "No one.")]
    batch = batches.over(rows)

    results = batches.results(batch)

    assert (batch.status, batch.error_file_id) == ("completed", None)
    assert batch.request_counts.model_dump() == {"total": 2, "completed": 2, "failed": 0}
    for row in rows:
        chat = client.post("/openai/v1/chat/completions", row["body"]).json()
        body = results[row["custom_id"]]["body"]
        own = ("id", "created")
        assert {name: body[name] for name in body if name not in own} == {
            name: chat[name] for name in chat if name not in own
        }
        assert results[row["custom_id"]]["status_code"] == 200
    assert json.loads(results["known"]["body"]["choices"][0]["message"]["content"])["rank"] == 2


def test_the_output_file_has_the_vendors_shape_and_name(sdk, batches):
    batch = batches.over(lines(1))

    (row,) = batches.rows(batch.output_file_id)
    file = sdk.files.retrieve(batch.output_file_id)

    assert set(row) == {"id", "custom_id", "response", "error"}
    assert row["id"].startswith("batch_req_")
    assert (row["error"], set(row["response"])) == (None, {"status_code", "request_id", "body"})
    assert (file.purpose, file.filename) == ("batch_output", f"{batch.id}_output.jsonl")


def test_results_are_not_in_the_order_of_the_file_but_always_in_the_same(batches):
    orders = [[row["custom_id"] for row in batches.rows(batches.over(lines(20)).output_file_id)] for _ in range(2)]

    assert sorted(orders[0]) == sorted(f"run-{place}" for place in range(20))
    assert orders[0] != [f"run-{place}" for place in range(20)]
    assert orders[0] == orders[1]


def test_the_usage_is_that_of_all_lines(batches):
    batch = batches.over([line("short"), line("long", "x " * 4000)])

    used = [response["body"]["usage"] for response in batches.results(batch).values()]
    assert batch.usage.input_tokens == sum(one["prompt_tokens"] for one in used)
    assert batch.usage.output_tokens == sum(one["completion_tokens"] for one in used)
    assert batch.usage.input_tokens_details.cached_tokens == 1408
    assert batch.usage.total_tokens == batch.usage.input_tokens + batch.usage.output_tokens


def test_a_limit_of_tokens_cuts_the_answer_of_a_line(batches):
    batch = batches.over([line("run-1", max_completion_tokens=5)])

    assert batches.results(batch)["run-1"]["body"]["choices"][0]["finish_reason"] == "length"


def test_a_line_is_read_falsely_as_an_answer_at_chat_is(client, batches):
    client.control("lies", {"share": 1, "kinds": ["self-as-competitor"]})

    batches.over([line("run-1")])

    assert [lie["kind"] for lie in client.control("lies")] == ["self-as-competitor"]


def test_a_line_that_chat_would_refuse_is_in_the_error_file(batches):
    batch = batches.over([line("good"), line("bad", stop=["x"], surprise=1)])

    bad = batches.errors(batch)["bad"]
    assert (batch.status, list(batches.results(batch))) == ("completed", ["good"])
    assert batch.request_counts.model_dump() == {"total": 2, "completed": 1, "failed": 1}
    assert (bad["error"], bad["response"]["status_code"]) == (None, 400)
    assert bad["response"]["body"]["error"]["code"] == "unknown_parameter"


def test_a_batch_may_be_completed_without_a_single_answer(batches):
    batch = batches.over([line("bad", surprise=1)])

    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert list(batches.errors(batch)) == ["bad"]


def test_every_line_that_was_done_is_in_the_log_once(client, batches):
    batch = batches.over([line("run-1", "Acme is known."), line("run-2", surprise=1)])
    batches.rows(batch.output_file_id)
    batches.rows(batch.output_file_id)

    calls = {call["custom_id"]: call for call in client.control(f"calls?where={LINE}")}

    assert {name: call["status"] for name, call in calls.items()} == {"run-1": 200, "run-2": 400}
    done = calls["run-1"]
    assert (done["batch_id"], done["model"], done["organisation"]) == (batch.id, "gpt-4.1-mini", "Acme")
    assert (done["schema"], done["fault"]) == ("answer_reading", None)
    assert done["answer"] == hashlib.sha256(b"Acme is known.").hexdigest()[:12]
    assert len(client.control(f"calls?where={LINE}")) == 2


def test_the_log_has_lines_as_calls_that_are_over(client, batches):
    batches.over(lines(2))

    assert "run-1" in client.http.get(client.url, timeout=5).text
    assert all(call["seconds"] is not None for call in client.control(f"calls?where={LINE}"))


def test_every_call_about_a_batch_is_in_the_log(client, sdk, batches):
    batch = batches.create(lines(1))
    sdk.batches.retrieve(batch.id)
    sdk.batches.list(limit=1)

    calls = client.control("calls?where=openai.batches")

    assert [(call["request"], call["batch_id"], call["status"]) for call in calls] == [
        ("POST /batches", batch.id, 200),
        ("GET /batches/ID", batch.id, 200),
        ("GET /batches", None, 200),
    ]
    assert calls[0]["inputs"] == [{"custom_id": "run-0", "fault": None}]


def test_names_are_asked_for_in_a_batch_as_well(batches):
    said = [{"role": "user", "content": json.dumps({"organisation": "Summit Savings Bank", "websites": []})}]
    schema = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "additionalProperties": False, "required": ["variations"], "properties": {"variations": schema}}  # fmt: skip # noqa: E501
    wanted = {"type": "json_schema", "json_schema": {"name": "name_variations", "strict": True, "schema": schema}}

    batch = batches.over([line("names", messages=said, response_format=wanted)])

    content = batches.results(batch)["names"]["body"]["choices"][0]["message"]["content"]
    assert "Summit Savings" in json.loads(content)["variations"]


def test_files_of_a_batch_may_expire(sdk, batches):
    batch = batches.over(lines(1), output_expires_after={"anchor": "created_at", "seconds": 7200})

    file = sdk.files.retrieve(batch.output_file_id)
    assert file.expires_at == file.created_at + 7200


def test_batches_are_listed_newest_first_and_a_page_at_a_time(client, sdk, batches):
    made = [batches.create(lines(1)).id for _ in range(3)]

    first = sdk.batches.list(limit=2)
    raw = client.get("/openai/v1/batches?limit=2").json()

    assert ([batch.id for batch in first.data], first.has_more) == ([made[2], made[1]], True)
    assert first.get_next_page().data[0].id == made[0]
    assert (raw["object"], raw["first_id"], raw["last_id"]) == ("list", made[2], made[1])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "below minimum value. Expected a value >= 1, but got 0"),
        ("limit=101", "above maximum value. Expected a value <= 100, but got 101"),
        ("limit=x", "expected an integer"),
        ("after=batch_none", "batch_none"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(client, query, words):
    reply = client.get(f"/openai/v1/batches?{query}")

    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_a_batch_that_is_cancelled_keeps_what_was_done(client, sdk, batches):
    client.control("timing", {"batch_seconds": 5})
    batch = batches.create(lines(20))
    while not sdk.batches.retrieve(batch.id).request_counts.completed:
        time.sleep(0.01)

    cancelling = sdk.batches.cancel(batch.id)
    again = sdk.batches.cancel(batch.id)
    batch = batches.until(batch, *OVER)

    done, rest = batches.results(batch), batches.errors(batch)
    assert (cancelling.status, batch.status) == ("cancelling", "cancelled")
    assert again.status in {"cancelling", "cancelled"}
    assert batch.cancelling_at <= batch.cancelled_at
    assert done.keys() | rest.keys() == {f"run-{place}" for place in range(20)}
    assert (len(done) + len(rest), bool(done), bool(rest)) == (20, True, True)
    assert {(row["response"], row["error"]["code"]) for row in rest.values()} == {(None, "batch_cancelled")}
    assert len(client.control(f"calls?where={LINE}")) == len(done)
    assert sdk.batches.cancel(batch.id).status == "cancelled"


def test_a_batch_that_is_over_is_not_cancelled(sdk, batches):
    batch = batches.over(lines(1))

    with pytest.raises(openai.ConflictError, match="Cannot cancel a batch with status 'completed'"):
        sdk.batches.cancel(batch.id)


def test_an_unknown_batch_is_a_404(sdk):
    for use in (sdk.batches.retrieve, sdk.batches.cancel):
        with pytest.raises(openai.NotFoundError, match="No batch found with id 'batch_none'"):
            use("batch_none")


def test_an_unknown_file_is_a_400_at_once(sdk):
    with pytest.raises(openai.BadRequestError, match="Cannot find file file-none, or project") as caught:
        sdk.batches.create(input_file_id="file-none", endpoint=CHAT, completion_window="24h")

    assert caught.value.code == "invalid_request"


LONG = {"output_expires_after": {"anchor": "created_at", "seconds": 9_999_999}}


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"endpoint": "/v1/responses"}, "endpoint", "invalid_value"),
        ({"completion_window": "1h"}, "completion_window", "invalid_value"),
        ({"completion_window": None}, "completion_window", "missing_required_parameter"),
        ({"input_file_id": ""}, "input_file_id", "missing_required_parameter"),
        ({"priority": 1}, "priority", "unknown_parameter"),
        ({"metadata": []}, "metadata", "invalid_type"),
        ({"metadata": {"tags": ["a"]}}, "metadata.tags", "invalid_type"),
        ({"metadata": {"note": "x" * 513}}, "metadata.note", "string_above_max_length"),
        ({"metadata": {"x" * 65: ""}}, f"metadata.{'x' * 64}", "string_above_max_length"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "object_above_max_properties"),
        (LONG, "output_expires_after.seconds", "invalid_value"),
    ],
)
def test_a_batch_that_the_vendor_would_refuse_is_refused(client, batches, body, param, code):
    reply = create(client, **{"input_file_id": batches.upload(lines(1)).id} | body)

    error = reply.json()["error"]
    assert (reply.status_code, error["param"], error["code"]) == (400, param, code)
    assert client.control(f"calls?where={LINE}") == []


def test_a_body_that_is_no_json_is_refused(client):
    reply = client.http.post(f"{client.url}/openai/v1/batches", data="{", headers=KEY, timeout=5)

    assert reply.status_code == 400


def test_a_key_is_needed(client):
    assert create(client, input_file_id="file-1").status_code == 400
    assert client.post("/openai/v1/batches", {}, {"Authorization": "Bearer sk-x"}).status_code == 401


def without(name):
    return {field: value for field, value in line("run-2").items() if field != name}


@pytest.mark.parametrize(
    ("second", "code", "param"),
    [
        (b"{not JSON", "invalid_json_line", None),
        (b"[1]", "invalid_json_line", None),
        (without("custom_id"), "missing_required_parameter", "custom_id"),
        (without("url"), "missing_required_parameter", "url"),
        (without("body"), "missing_required_parameter", "body"),
        (line("run-2") | {"method": "GET"}, "invalid_method", "method"),
        (line("run-2") | {"url": "/v1/responses"}, "invalid_url", "url"),
        (line("run-1"), "duplicate_custom_id", "custom_id"),
        (line("run-2", model="gpt-4.1"), "mismatched_model", "body.model"),
        (line("run-2", model="gpt-9"), "model_not_found", "body.model"),
        (line("run-2", model=None), "invalid_request", "body.model"),
        (line("run-2", messages=[]), "invalid_request", "body.messages"),
        (line("run-2", stream=True), "streaming_unsupported", "body.stream"),
    ],
)
def test_one_wrong_line_fails_the_batch_and_is_named(client, batches, second, code, param):
    raw = second if isinstance(second, bytes) else json.dumps(second).encode()
    batch = batches.over(json.dumps(line("run-1")).encode() + b"\n" + raw + b"\n")

    (problem,) = batch.errors.data
    assert (batch.status, problem.code, problem.line, problem.param) == ("failed", code, 2, param)
    assert (batch.failed_at is not None, batch.errors.object) == (True, "list")
    assert (batch.request_counts.total, batch.output_file_id, batch.error_file_id) == (0, None, None)
    assert client.control(f"calls?where={LINE}") == []


def test_all_wrong_lines_are_named(batches):
    batch = batches.over(b"{\n" + json.dumps(line("run-1")).encode() + b"\n\n[]\n")

    assert [(one.code, one.line) for one in batch.errors.data] == [("invalid_json_line", 1), ("invalid_json_line", 4)]


@pytest.mark.parametrize(("number", "code"), [(0, "empty_file"), (3, "too_many_tasks")])
def test_a_file_has_at_least_one_line_and_not_too_many(batches, monkeypatch, number, code):
    monkeypatch.setattr(batch_lines, "MOST_LINES", 2)

    (problem,) = batches.over(lines(number) or b"\n").errors.data

    assert (problem.code, problem.line) == (code, None)


def test_a_reading_asked_for_in_a_batch_is_not_asked_for_at_chat(client, batches):
    batches.over([line("run-1", reading_request("Acme.", "Acme"))])

    assert client.control("calls?where=openai.chat") == []
