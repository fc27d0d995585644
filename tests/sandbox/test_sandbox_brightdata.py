import csv
import json
from io import StringIO

import pytest
from sandbox_client import CHATGPT, KEY

V3 = "/brightdata/datasets/v3"
ENGINES = {
    "chatgpt": (CHATGPT, "https://chatgpt.com/"),
    "perplexity": ("gd_m7dhdot1vw9a7gc1n", "https://www.perplexity.ai"),
    "gemini": ("gd_mbz66arm2mf9cu856y", "https://gemini.google.com/"),
}
CHATGPT_KEYS = (
    "url prompt answer_text answer_text_markdown answer_html answer_section_html response_raw citations links_attached "
    "search_sources web_search_triggered web_search_query recommendations references shopping shopping_visible is_map "
    "map country index additional_prompt additional_answer_text model timestamp input"
)


@pytest.fixture
def question(world):
    return world.questions(world.orgs[0])[0].text


def test_a_job_starts_runs_gets_ready_and_still_builds_once(client, question):
    client.control("timing", {"snapshot_seconds": 0.3})
    id_ = client.trigger(question).json()["snapshot_id"]
    seen = [client.progress(id_)["status"]]
    early = client.get(f"{V3}/snapshot/{id_}")
    while seen[-1] != "ready":
        seen.append(client.progress(id_)["status"])
    building, done = (client.get(f"{V3}/snapshot/{id_}") for _ in range(2))

    assert list(dict.fromkeys(seen)) == ["starting", "running", "ready"]
    assert (early.status_code, early.json()["status"]) == (202, "running")
    assert (building.status_code, building.json()["status"]) == (202, "building")
    assert (done.status_code, len(done.json())) == (200, 1)


def test_a_chatgpt_record_has_all_its_keys_and_a_heavy_page(client, world, question):
    record = client.download(client.trigger(question).json()["snapshot_id"]).json()[0]
    answer = world.answer(question, "chatgpt", "US")

    assert set(record) == set(CHATGPT_KEYS.split())
    assert record["answer_text_markdown"] == answer.text
    assert len(record["answer_html"]) > 300_000
    assert [(one["url"], one["cited"]) for one in record["citations"]] == [
        (one.url, one.cited) for one in answer.sources
    ]
    assert record["input"]["index"] == record["index"] == 1
    assert not {"**", "]("} & {mark for mark in ("**", "](") if mark in record["answer_text"]}


@pytest.mark.parametrize("slug", ["perplexity", "gemini"])
def test_the_other_engines_answer_in_their_own_shape(client, world, question, slug):
    dataset_id, url = ENGINES[slug]
    id_ = client.trigger(question, dataset_id=dataset_id, url=url).json()["snapshot_id"]
    record = client.download(id_).json()[0]

    assert record["answer_text_markdown"] == world.answer(question, slug, "US").text
    assert ("sources" in record) == (slug == "perplexity")
    assert ("country" in record) == (slug == "gemini")


def test_only_the_wanted_fields_come(client, question):
    query = "custom_output_fields=prompt|answer_text_markdown|index"
    record = client.download(client.trigger(question, query=query).json()["snapshot_id"]).json()[0]

    assert set(record) == {"prompt", "answer_text_markdown", "index"}


def test_records_come_in_another_order_and_carry_their_index(client, world):
    prompts = [question.text for question in world.questions(world.orgs[0])]
    records = client.download(client.trigger(*prompts).json()["snapshot_id"]).json()

    assert [record["index"] for record in records] != sorted(record["index"] for record in records)
    assert {record["index"]: record["prompt"] for record in records} == dict(enumerate(prompts, start=1))


def test_lines_are_delivered_on_request(client, question):
    id_ = client.trigger(question, question).json()["snapshot_id"]
    lines = client.download(id_, "?format=ndjson").text.splitlines()

    assert [json.loads(line)["prompt"] for line in lines] == [question] * 2
    assert client.get(f"{V3}/snapshot/{id_}?format=csv").status_code == 400


def test_inputs_may_be_wrapped_in_an_object(client, question):
    body = {"input": [{"url": "https://chatgpt.com/", "prompt": question}]}

    assert client.post(f"{V3}/trigger?dataset_id={CHATGPT}", body).json()["snapshot_id"]


def test_a_cancelled_job_is_over(client, question):
    client.control("timing", {"snapshot_seconds": 60})
    id_ = client.trigger(question).json()["snapshot_id"]
    first, second = (client.post(f"{V3}/snapshot/{id_}/cancel", None) for _ in range(2))

    assert (first.status_code, client.progress(id_)["status"]) == (200, "canceled")
    assert (second.status_code, second.text) == (400, "Snapshot is not running")
    assert client.get(f"{V3}/snapshot/{id_}").status_code == 400


def test_a_job_can_be_found_again_by_its_inputs(client, question):
    id_ = client.trigger(question, query="").json()["snapshot_id"]
    jobs = client.get(f"{V3}/snapshots?dataset_id={CHATGPT}&status=ready").json()
    job = next(job for job in jobs if job["id"] == id_)

    assert {"created", "status", "dataset_id", "dataset_size"} <= set(job)
    assert client.get(f"{V3}/snapshots?dataset_id=gd_none").json() == []
    assert client.get(f"{V3}/snapshots").status_code == 400


def test_the_inputs_of_a_job_are_given_as_csv(client):
    id_ = client.trigger('Which "bank",\nand why?', web_search=True).json()["snapshot_id"]
    reply = client.get(f"{V3}/snapshot/{id_}/input")

    (row,) = csv.DictReader(StringIO(reply.text, newline=""))
    assert reply.headers["content-type"].startswith("text/csv")
    assert row == {
        "url": "https://chatgpt.com/",
        "prompt": 'Which "bank",\nand why?',
        "country": "US",
        "index": "1",
        "web_search": "true",
    }


def test_jobs_are_listed_newest_first_a_page_at_a_time_and_by_day(client, question):
    made = [client.trigger(question).json()["snapshot_id"] for _ in range(3)]

    def ids(query):
        return [job["id"] for job in client.get(f"{V3}/snapshots?dataset_id={CHATGPT}&{query}").json()]

    assert (ids("limit=2"), ids("limit=1&skip=2")) == (made[:0:-1], made[:1])
    assert (ids("from_date=2026-01-01")[:3], ids("from_date=2999-01-01")) == (made[::-1], [])


def test_too_many_running_jobs_are_a_429_in_plain_text(client, question):
    most = 1 + len(client.get(f"{V3}/snapshots?dataset_id={CHATGPT}&status=running&limit=1000").json())
    client.control("timing", {"snapshot_seconds": 60, "running_jobs_limit": most})
    replies = [client.trigger(question) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 429]
    assert replies[1].text.endswith(f"Running jobs: {most}>={most}")
    assert replies[1].headers["content-type"].startswith("text/plain")
    client.post(f"{V3}/snapshot/{replies[0].json()['snapshot_id']}/cancel", None)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "Credentials are missing"),
        ({"Authorization": "Basic c2FuZGJveA=="}, "Auth method is not supported"),
        ({"Authorization": "Bearer real"}, "Invalid credentials"),
    ],
)
def test_credentials_are_checked_in_plain_text(client, headers, text):
    reply = client.get(f"{V3}/snapshots", headers)

    assert (reply.status_code, reply.text) == (401, text)


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [("", 404, "Collector not found"), ("?dataset_id=gd_nothing", 404, "dataset does not exist")],
)
def test_an_unknown_data_set_is_a_404(client, query, status, text):
    reply = client.post(f"{V3}/trigger{query}", [])

    assert (reply.status_code, reply.text) == (status, text)


def test_no_inputs_are_no_job(client):
    reply = client.post(f"{V3}/trigger?dataset_id={CHATGPT}", [])

    assert (reply.status_code, reply.text) == (400, "No data to trigger")


@pytest.mark.parametrize("path", ["progress/s_x", "snapshot/s_x", "snapshot/s_x/input"])
def test_an_unknown_snapshot_is_a_404(client, path):
    reply = client.get(f"{V3}/{path}")

    assert (reply.status_code, reply.text) == (404, "Snapshot does not exist")


def test_input_that_is_no_json_is_a_parse_error(client):
    reply = client.http.post(f"{client.url}{V3}/trigger?dataset_id={CHATGPT}", data="[", headers=KEY, timeout=5)

    assert (reply.status_code, reply.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "https://www.perplexity.ai"}, "url"),
        ({"url": None}, "url"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 4097}, "prompt"),
        ({"country": "USA"}, "country"),
        ({"country": "us"}, "country"),
        ({"index": [1]}, "index"),
        ({"web_search": "yes"}, "web_search"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_inputs_that_the_engine_does_not_take_are_refused(client, changed, field):
    reply = client.trigger("Who?", **changed)

    body = reply.json()
    assert (reply.status_code, body["code"], body["error"]) == (400, "validation_error", "Invalid input provided")
    assert body["errors"][0][0] == field


@pytest.mark.parametrize("body", [{"inputs": []}, ["text"], "text"])
def test_a_body_of_another_shape_is_refused(client, body):
    assert client.post(f"{V3}/trigger?dataset_id={CHATGPT}", body).json()["code"] == "validation_error"
