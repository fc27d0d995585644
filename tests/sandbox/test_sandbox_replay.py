import json

import pytest
import requests

from senso.sandbox.replay import BadRecording, Replay
from senso.sandbox.server import Settings, running
from senso.sandbox.state import Timing

ROWS = [
    {"prompt": "Best bank?", "model": "ChatGPT", "response": "Acme ([a](https://a.com/1)).", "country": "US",
     "sources": [{"url": "https://a.com/1", "title": "A"}, {"url": "https://b.com", "title": None}]},
    {"prompt": "Best bank?", "model": "gemini", "response": "Globex.", "country": "US"},
    {"prompt": "Best bank?", "model": "gemini", "response": "Initech.", "country": "CA"},
    {"query": "best  Loan?", "response": "Hooli."},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    lines = [json.dumps(row) for row in ROWS]
    (tmp_path / "one.jsonl").write_text("\n".join(lines[:2]) + "\n\n")
    (tmp_path / "deep" / "two.jsonl").write_text("\n".join(lines[2:]))
    return tmp_path


@pytest.mark.parametrize(
    ("question", "model", "country", "text"),
    [
        ("Best bank?", "chatgpt", "CA", "Acme ([a](https://a.com/1))."),
        ("Best bank?", "gemini", "US", "Globex."),
        ("best bank? ", "gemini", "CA", "Initech."),
        ("Best loan?", "claude", "DE", "Hooli."),
    ],
)
def test_the_answer_that_fits_model_and_country_best_is_taken(folder, question, model, country, text):
    assert Replay(folder, 7).answer(question, model, country).text == text


def test_among_equals_it_is_always_the_same_one(folder):
    answers = {Replay(folder, 7).answer("Best bank?", "perplexity", "FR").text for _ in range(5)}

    assert len(answers) == 1


def test_pages_in_the_text_are_cited_and_the_others_offered(folder):
    sources = Replay(folder, 7).answer("Best bank?", "chatgpt", "US").sources

    assert [(source.url, source.cited) for source in sources] == [("https://a.com/1", True), ("https://b.com", False)]


def test_what_was_not_recorded_is_an_error_record_or_a_general_answer(folder):
    key = {"Authorization": "Bearer sandbox"}
    with running(Settings(timing=Timing(0, 0, 0), replay=folder)) as url, requests.Session() as http:
        http.headers.update(key)
        inputs = [{"url": "https://chatgpt.com/", "prompt": prompt} for prompt in ("Best bank?", "Unknown?")]
        trigger = f"{url}/brightdata/datasets/v3/trigger?dataset_id=gd_m7aof0k82r803d5bjm&include_errors=true"
        id_ = http.post(trigger, json=inputs, timeout=5).json()["snapshot_id"]
        records = [http.get(f"{url}/brightdata/datasets/v3/snapshot/{id_}", timeout=5) for _ in range(2)][1].json()
        asked = {"model": "gpt-4.1", "input": "Unknown?"}
        general = http.post(f"{url}/openai/v1/responses", json=asked, timeout=5).json()

    assert {record["input"]["prompt"]: record.get("error_code") for record in records} == {
        "Best bank?": None,
        "Unknown?": "dead_page",
    }
    assert "no single best answer" in general["output"][0]["content"][0]["text"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "two.jsonl:2: "),
        ("[]", "a line is a JSON object"),
        ('{"prompt": "x"}', "needs prompt"),
        ('{"prompt": "x", "response": "y", "sources": [1]}', "sources is a list"),
    ],
)
def test_a_bad_line_is_named(folder, line, reason):
    (folder / "two.jsonl").write_text(json.dumps(ROWS[0]) + "\n" + line)

    with pytest.raises(BadRecording, match=r"two\.jsonl:2: ") as error:
        Replay(folder, 7)

    assert reason in str(error.value)


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(BadRecording, match=r"no \*\.jsonl"):
        Replay(tmp_path, 7)
