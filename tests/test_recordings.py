"""Real answers, recorded and labelled by others, where they are: what is read of our own replies holds for them, too.

Nothing is shown here alone: each kind of reply is also written out under replies/ or beside the test that reads it.
"""

import json
import os
from pathlib import Path

import pytest
import yaml

from senso.errors import Malformed, Refused
from senso.extraction.citations import cite
from senso.extraction.words import key, namings, text
from senso.providers import Run, Source, Usage
from senso.providers.openai.direct import SERVICE
from senso.providers.wire.openai import read_answer, read_completion

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[2] / "shared"))
RUN = Run(7, "Which?", "gpt-4.1", "CA")

if not SHARED.is_dir():
    pytest.skip(f"no recorded answers at {SHARED}; SENSO_SHARED may say where they are", allow_module_level=True)


def recorded(name):
    return json.loads((SHARED / "recorded" / f"openai-{name}.json").read_text())["response"]["body"]


def test_a_recorded_answer_keeps_its_citations_in_order_and_tells_its_model_and_search():
    answer = read_answer(SERVICE, RUN, recorded("responses-web-search-citations"))

    assert [source.position for source in answer.sources] == [1, 2, 3]
    assert [source.url.split("/")[2].split(".")[-2] for source in answer.sources] == [
        "statmuse",
        "tipranks",
        "economictimes",
    ]
    assert [len(source.spans) for source in answer.sources] == [2, 2, 2]
    assert all(source.cited and source.title for source in answer.sources)
    assert (answer.model_version, answer.searched) == ("gpt-4o-2024-08-06", True)
    assert (answer.usage.searches, answer.usage.records) == (1, 0)


def test_a_recorded_answer_without_citations_is_an_answer():
    answer = read_answer(SERVICE, RUN, recorded("responses-web-search-user-location"))

    assert (answer.searched, answer.sources) == (True, ())
    assert answer.usage == Usage(tokens_in=9463, tokens_cached=8320, tokens_out=660, tokens_thinking=512, searches=1)


def test_a_recorded_answer_that_searched_nothing_says_so():
    answer = read_answer(SERVICE, RUN, recorded("responses-structured-ok"))

    assert (answer.searched, answer.usage.searches) == (False, 0)


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("chat-structured-ok", Usage(tokens_in=172, tokens_out=29)),
        ("chat-cached-tokens", Usage(tokens_in=3663, tokens_cached=3584, tokens_out=117)),
    ],
)
def test_a_recorded_completion_is_its_text_and_its_tokens(name, counted):
    completion = read_completion(SERVICE, recorded(name))

    assert completion.content
    assert (completion.model_version, completion.usage) == ("gpt-4o-2024-08-06", counted)


@pytest.mark.parametrize(
    ("read", "name", "error", "tokens"),
    [
        (lambda body: read_answer(SERVICE, RUN, body), "responses-incomplete", Malformed, (14, 50)),
        (lambda body: read_completion(SERVICE, body), "chat-length", Malformed, (14, 50)),
        (lambda body: read_completion(SERVICE, body), "chat-refusal", Refused, (64, 13)),
    ],
)
def test_a_recorded_reply_that_is_no_answer_says_what_it_cost(read, name, error, tokens):
    with pytest.raises(error) as caught:
        read(recorded(name))

    assert (caught.value.usage.tokens_in, caught.value.usage.tokens_out) == tokens


def test_the_sources_of_recorded_answers_keep_no_tracking_and_no_search_links():
    lines = (SHARED / "answers" / "chatgpt" / "run_1.jsonl").read_text().splitlines()
    listed = [
        Source(entry["url"], entry["title"], 1, cited=True) for line in lines for entry in json.loads(line)["sources"]
    ]
    urls = [found.canonical_url for found in cite(listed).citations]

    assert urls
    assert not [url for url in urls if "utm_" in url or "hints=search" in url or "#" in url]


@pytest.mark.parametrize("case", range(8))
def test_the_labelled_cases_are_told_apart(case):
    path = SHARED / "labels" / "llm-answer-watcher-evals" / "fixtures.yaml"
    labelled = yaml.safe_load(path.read_text())["test_cases"][case]
    answer = text(labelled["llm_answer_text"])

    def occurring(names):
        return {key(name) for name in names if namings(answer, name)}

    assert bool(occurring(labelled["brands_mine"])) == bool(labelled["expected_my_mentions"])
    expected = {key(name.removesuffix(".com")) for name in labelled["expected_competitor_mentions"]}
    assert occurring(labelled["brands_competitors"]) == expected
