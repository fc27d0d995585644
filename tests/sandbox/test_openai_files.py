"""OpenAI's own library (openai 3.54) against the sandbox's files."""

import time

import openai
import pytest
from batch_client import Batches, jsonl, line
from sandbox_client import KEY

from senso.sandbox.openai import file_endpoints


@pytest.fixture
def sdk(client):
    with openai.OpenAI(api_key="sandbox-key", base_url=f"{client.url}/openai/v1", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def batches(sdk):
    return Batches(sdk)


def upload(client, files, **data):
    return client.http.post(f"{client.url}/openai/v1/files", files=files, data=data, headers=KEY, timeout=5)


def test_a_file_is_kept_as_it_was_uploaded(sdk, batches):
    file = batches.upload([line("run-1")])

    assert (file.object, file.purpose, file.filename, file.status) == ("file", "batch", "batch.jsonl", "processed")
    assert (file.bytes, file.expires_at) == (len(jsonl([line("run-1")])), None)
    assert file.id.startswith("file-")
    assert abs(file.created_at - time.time()) < 5
    assert sdk.files.retrieve(file.id) == file
    assert sdk.files.content(file.id).content == jsonl([line("run-1")])


def test_a_download_is_an_attachment_with_the_vendors_headers(sdk, batches):
    file = batches.upload([line("run-1")])

    headers = sdk.files.content(file.id).response.headers

    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="batch.jsonl"'
    assert headers["x-request-id"].startswith("req_")
    assert "x-ratelimit-limit-requests" not in headers


def test_a_file_may_expire(batches):
    file = batches.upload([line("run-1")], expires_after={"anchor": "created_at", "seconds": 3600})

    assert file.expires_at == file.created_at + 3600


@pytest.mark.parametrize("wrong", [{"anchor": "created_at", "seconds": 60}, {"anchor": "now", "seconds": 3600}])
def test_a_file_that_expires_at_another_time_is_refused(batches, wrong):
    with pytest.raises(openai.BadRequestError, match=r"expires_after|created_at"):
        batches.upload([line("run-1")], expires_after=wrong)


def test_what_is_wrong_with_lines_is_not_found_at_the_upload(batches):
    assert batches.upload(b"no JSON\n").status == "processed"


def test_a_file_of_another_kind_is_refused(batches):
    with pytest.raises(openai.BadRequestError, match=r"Invalid file format for Batch API\. Must be \.jsonl"):
        batches.upload([line("run-1")], name="batch.json")


def test_a_file_that_is_too_large_is_refused(batches, monkeypatch):
    monkeypatch.setattr(file_endpoints, "MOST_BYTES", 10)

    with pytest.raises(openai.BadRequestError, match="File is too large"):
        batches.upload(b"x" * 11)


def test_a_file_of_more_than_100_megabytes_is_kept(sdk, batches):
    file = batches.upload(b"x" * 110_000_000)
    sdk.files.delete(file.id)

    assert file.bytes == 110_000_000


@pytest.mark.parametrize(
    ("files", "data", "param"),
    [
        (None, {"purpose": "batch"}, "file"),
        ({"file": ("batch.jsonl", b"{}")}, {}, "purpose"),
        ({"file": ("batch.jsonl", b"{}")}, {"purpose": "vision"}, "purpose"),
    ],
)
def test_an_upload_without_a_file_or_a_purpose_is_refused(client, files, data, param):
    reply = upload(client, files, **data)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


def test_files_are_listed_newest_first_and_a_page_at_a_time(sdk, batches):
    files = [batches.upload([line("run-1")]).id for _ in range(3)]

    first = sdk.files.list(limit=2)
    oldest_first = [file.id for file in sdk.files.list(order="asc")]

    assert ([file.id for file in first.data], first.has_more) == ([files[2], files[1]], True)
    assert first.get_next_page().data[0].id == files[0]
    assert oldest_first[-3:] == files


def test_the_last_page_says_so(client, batches):
    for _ in range(2):
        batches.upload([line("run-1")])
    ids = [file["id"] for file in client.get("/openai/v1/files").json()["data"]]
    last = client.get(f"/openai/v1/files?limit=1&after={ids[-2]}").json()

    assert ([file["id"] for file in last["data"]], last["has_more"]) == ([ids[-1]], False)
    assert client.get(f"/openai/v1/files?after={ids[-1]}").json()["first_id"] is None


def test_files_are_listed_by_purpose(sdk, batches):
    batch = batches.over([line("run-1")])

    outputs = [file.id for file in sdk.files.list(purpose="batch_output")]

    assert batch.output_file_id in outputs
    assert batch.input_file_id not in outputs
    assert batch.input_file_id in [file.id for file in sdk.files.list(purpose="batch")]


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "limit=--5", "order=up", "after=file-none"])
def test_a_list_that_makes_no_sense_is_refused(client, query):
    reply = client.get(f"/openai/v1/files?{query}")

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, query.split("=")[0])


def test_a_deleted_file_is_gone(sdk, batches):
    file = batches.upload([line("run-1")])

    assert sdk.files.delete(file.id).deleted
    for use in (sdk.files.retrieve, sdk.files.content, sdk.files.delete):
        with pytest.raises(openai.NotFoundError, match=f"No such File object: {file.id}"):
            use(file.id)


@pytest.mark.parametrize(("method", "path"), [("GET", "files"), ("POST", "files"), ("GET", "files/file-1/content")])
def test_a_wrong_key_is_refused(client, method, path):
    reply = client.http.request(method, f"{client.url}/openai/v1/{path}", headers={"Authorization": "Bearer sk-x"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")


def test_every_call_is_in_the_log_with_its_file(client, sdk, batches):
    file = batches.upload([line("run-1")])
    sdk.files.content(file.id)
    sdk.files.list()

    calls = client.control("calls?where=openai.files")

    assert [(call["request"], call["file_id"], call["status"]) for call in calls] == [
        ("POST /files", file.id, 200),
        ("GET /files/ID/content", file.id, 200),
        ("GET /files", None, 200),
    ]


def test_an_upload_can_be_kept_and_its_reply_lost(client, sdk, batches):
    client.fault("openai.files", "drop-after")

    with pytest.raises(openai.APIConnectionError):
        batches.upload([line("run-1")])

    (call,) = client.control("calls?where=openai.files")
    assert (call["fault"], call["status"]) == ("drop-after", None)
    assert sdk.files.content(call["file_id"]).content == jsonl([line("run-1")])


def test_a_file_can_be_deleted_and_the_reply_lost(client, sdk, batches):
    file = batches.upload([line("run-1")])
    client.fault("openai.files", "drop-after")

    with pytest.raises(openai.APIConnectionError):
        sdk.files.delete(file.id)

    with pytest.raises(openai.NotFoundError):
        sdk.files.retrieve(file.id)


def test_a_fault_can_strike_only_downloads_or_only_some_questions(client, sdk, batches):
    client.fault("openai.files", "500", match="/content")
    client.fault("openai.files", "503", match="Globex")

    file = batches.upload([line("run-1")])
    with pytest.raises(openai.InternalServerError, match="server had an error"):
        sdk.files.content(file.id)
    with pytest.raises(openai.InternalServerError, match="overloaded"):
        batches.upload([line("run-1", organisation="Globex")])


@pytest.mark.parametrize("kind", ["404", "410"])
def test_a_file_can_be_gone_before_its_time(client, sdk, batches, kind):
    file = batches.upload([line("run-1")])
    client.fault("openai.files", kind)

    with pytest.raises(openai.APIStatusError, match=f"No such File object: {file.id}") as caught:
        sdk.files.content(file.id)

    assert caught.value.status_code == int(kind)
