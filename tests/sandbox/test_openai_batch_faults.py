"""Everything that can go wrong with a batch of the sandbox, as OpenAI's own library sees it."""

import json

import openai
import pytest
from batch_client import CHAT, Batches, line, lines
from sandbox_client import OVER

LINE = "openai.batch-line"


@pytest.fixture
def sdk(client):
    with openai.OpenAI(api_key="sandbox-key", base_url=f"{client.url}/openai/v1", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def batches(sdk):
    return Batches(sdk)


def spoilt(client, batches, kind):
    """A batch of two lines, of which one was struck."""
    client.fault(LINE, kind, match="Globex")
    return batches.over([line("good"), line("bad", "Globex is slow.", "Globex")])


def test_a_new_file_may_not_be_seen_yet(client, sdk, batches):
    client.fault("openai.batches", "file-unseen", times=1)
    file = batches.upload(lines(1))
    wanted = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}

    with pytest.raises(openai.BadRequestError, match=f"Cannot find file {file.id}"):
        sdk.batches.create(**wanted)

    assert client.control("calls?where=openai.batches")[0]["fault"] == "file-unseen"
    assert sdk.batches.create(**wanted).status == "validating"


def test_a_batch_can_be_created_and_its_reply_lost(client, sdk, batches):
    client.fault("openai.batches", "drop-after", times=1)

    with pytest.raises(openai.APIConnectionError):
        batches.create(lines(1), metadata={"key": "value"})

    (call,) = client.control("calls?where=openai.batches")
    (batch,) = sdk.batches.list(limit=1).data
    assert (call["fault"], call["status"], call["batch_id"]) == ("drop-after", None, batch.id)
    assert batch.metadata == {"key": "value"}
    assert batches.until(batch, *OVER).status == "completed"


def test_a_cancel_can_be_obeyed_and_its_reply_lost(client, sdk, batches):
    client.control("timing", {"batch_seconds": 60})
    batch = batches.create(lines(1))
    client.fault("openai.batches", "drop-after")

    with pytest.raises(openai.APIConnectionError):
        sdk.batches.cancel(batch.id)

    assert sdk.batches.retrieve(batch.id).status == "cancelling"


USES = {
    "POST /batches\n": lambda batches, batch: batches.create(lines(1)),
    "GET /batches/ID\n": lambda batches, batch: batches.sdk.batches.retrieve(batch.id),
    "GET /batches\n": lambda batches, batch: batches.sdk.batches.list(),
    "/cancel": lambda batches, batch: batches.sdk.batches.cancel(batch.id),
}


@pytest.mark.parametrize("match", USES)
def test_a_fault_can_strike_one_kind_of_call(client, batches, match):
    batch = batches.over(lines(1))
    client.fault("openai.batches", "429", retry_after=2, match=match)

    with pytest.raises(openai.RateLimitError, match="Rate limit reached for batches") as caught:
        USES[match](batches, batch)

    assert caught.value.response.headers["retry-after"] == "2"
    assert client.control("calls?where=openai.batches")[-1]["fault"] == "429"


def test_a_batch_can_reach_the_limit_of_enqueued_tokens(client, batches):
    client.fault("openai.batches", "batch-failed")

    batch = batches.over(lines(2))

    (problem,) = batch.errors.data
    assert (batch.status, problem.code, problem.line) == ("failed", "token_limit_exceeded", None)
    assert "Enqueued token limit reached for gpt-4.1-mini in organization" in problem.message
    assert client.control(f"calls?where={LINE}") == []
    assert client.control("calls?where=openai.batches")[0]["fault"] == "batch-failed"


def test_a_batch_can_expire_with_half_of_its_lines_done(client, batches):
    client.fault("openai.batches", "batch-expired")

    batch = batches.over(lines(4))

    rest = batches.errors(batch)
    assert (batch.status, batch.expired_at is not None) == ("expired", True)
    assert (len(batches.results(batch)), len(rest)) == (2, 2)
    assert {(row["response"], row["error"]["code"]) for row in rest.values()} == {(None, "batch_expired")}
    assert batch.request_counts.model_dump() == {"total": 4, "completed": 2, "failed": 2}
    assert len(client.control(f"calls?where={LINE}")) == 2


def test_a_batch_can_be_in_progress_for_ever_until_it_is_cancelled(client, sdk, batches):
    client.fault("openai.batches", "never-ready")
    batch = batches.create(lines(2))
    batch = batches.until(batch, "in_progress")
    seen = {sdk.batches.retrieve(batch.id).status for _ in range(20)}
    sdk.batches.cancel(batch.id)
    batch = batches.until(batch, *OVER)

    assert seen == {"in_progress"}
    assert (batch.status, len(batches.errors(batch)), batch.output_file_id) == ("cancelled", 2, None)
    assert client.control(f"calls?where={LINE}") == []


def test_a_batch_can_have_a_status_that_nobody_knows(client, batches):
    client.fault("openai.batches", "unknown-status")
    ended = batches.over(lines(2))
    client.control("timing", {"batch_seconds": 5})
    batch = batches.create(lines(2))

    assert ended.status == "completed"
    assert batches.until(batch, "in_progress", "queued", *OVER).status == "queued"
    assert batches.sdk.batches.cancel(batch.id).status == "cancelling"


@pytest.mark.parametrize(("kind", "status"), [("line-400", 400), ("line-500", 500)])
def test_a_line_can_fail_with_a_status(client, batches, kind, status):
    batch = spoilt(client, batches, kind)

    bad = batches.errors(batch)["bad"]
    assert (bad["response"]["status_code"], bad["error"]) == (status, None)
    assert "message" in bad["response"]["body"]["error"]
    assert (batch.status, list(batches.results(batch))) == ("completed", ["good"])
    assert batch.request_counts.failed == 1
    logged = {call["custom_id"]: (call["status"], call["fault"]) for call in client.control(f"calls?where={LINE}")}
    assert logged == {"good": (200, None), "bad": (status, kind)}


def test_a_line_can_expire_in_a_batch_that_is_completed(client, batches):
    batch = spoilt(client, batches, "line-expired")

    bad = batches.errors(batch)["bad"]
    assert (batch.status, bad["response"], bad["error"]["code"]) == ("completed", None, "batch_expired")
    assert [call["custom_id"] for call in client.control(f"calls?where={LINE}")] == ["good"]
    assert {"custom_id": "bad", "fault": "line-expired"} in client.control("calls?where=openai.batches")[0]["inputs"]


def test_a_line_can_be_missing_from_both_files_although_it_was_done(client, batches):
    batch = spoilt(client, batches, "line-missing")

    assert (list(batches.results(batch)), batch.error_file_id) == (["good"], None)
    assert batch.request_counts.completed == 2
    assert len(client.control(f"calls?where={LINE}")) == 2


def test_a_line_can_be_twice_in_the_output_file(client, batches):
    batch = spoilt(client, batches, "line-twice")

    rows = batches.rows(batch.output_file_id)
    assert sorted(row["custom_id"] for row in rows) == ["bad", "bad", "good"]
    assert batch.request_counts.completed == 2
    assert len(client.control(f"calls?where={LINE}")) == 2


@pytest.mark.parametrize(
    ("kind", "content", "finish"),
    [("refusal", type(None), "stop"), ("length", str, "length"), ("empty", str, "length"), ("malformed", str, "stop")],
)
def test_the_answer_of_a_line_can_be_spoilt_as_at_chat(client, batches, kind, content, finish):
    batch = spoilt(client, batches, kind)

    (choice,) = batches.results(batch)["bad"]["body"]["choices"]
    assert (type(choice["message"]["content"]), choice["finish_reason"]) == (content, finish)
    assert json.loads(batches.results(batch)["good"]["body"]["choices"][0]["message"]["content"])["mentioned"]
    logged = {call["custom_id"]: call["fault"] for call in client.control(f"calls?where={LINE}")}
    assert logged == {"good": None, "bad": kind}


def test_faults_are_drawn_when_the_batch_is_created(client, batches):
    client.control("timing", {"batch_seconds": 0.3})
    client.fault(LINE, "line-500", times=1)
    batch = batches.create(lines(3))
    client.control("faults", method="DELETE")

    assert list(batches.errors(batches.until(batch, *OVER))) == ["run-0"]


def test_a_share_of_the_lines_is_struck_and_the_same_ones_again(client, batches):
    def struck():
        client.control("faults", method="DELETE")
        client.fault(LINE, "line-500", share=0.3)
        return sorted(batches.errors(batches.over(lines(30))))

    first = struck()

    assert 3 <= len(first) <= 15
    assert struck() == first
