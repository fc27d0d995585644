"""Claims of an answer are stored with its reading: with the source that a number in the answer refers to."""

import json

import pytest

from senso.providers import Completion
from senso.queries.evaluation_endings import CLAIM_COLUMNS
from senso.tasks.stages import extract
from senso.workflows import extracting

CLAIM = {"kind": "fact", "polarity": "positive", "verdict": "supported", "fact": 1}


@pytest.fixture
def claiming(monkeypatch):
    """A reader that claims what each first sentence with the org's name says."""
    complete = extracting.complete

    async def completed(prompt, model):
        done = await complete(prompt, model)
        content = json.loads(done.content)
        for reading in content["readings"]:
            sentence = reading["evidence"]
            reading["claims"] = [CLAIM | {"statement": "It is good.", "sentence": sentence}] if sentence else []
        return Completion(json.dumps(content), done.model_version, done.usage, done.provider)

    monkeypatch.setattr(extracting, "complete", completed)


ANSWER = "**Larch Hill Credit Union** is a good choice [1].\n\nVantry is another."


def read(make) -> dict:
    run = make.run(answered=True)
    make.sql("UPDATE question_runs SET answer_text = :answer", answer=ANSWER)
    extract(str(run))
    (row,) = make.sql("SELECT * FROM evaluations")
    return row


def test_a_claim_is_stored_with_its_sentence_its_verdict_its_fact_and_its_source(make, sandbox, claiming):
    run = make.run(answered=True)
    make.sql("UPDATE question_runs SET answer_text = :answer", answer=ANSWER)
    make.sql("INSERT INTO org_facts (org_id, text) SELECT id, 'It has no fees.' FROM orgs")
    make.sql("DELETE FROM citations")
    make.sql(
        "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited) VALUES "
        "(:run, 'https://a.example/x', 'https://a.example/x', 'a.example', 'a.example', 1, true)",
        run=run,
    )
    extract(str(run))

    (claim,) = make.sql(f"SELECT {', '.join(CLAIM_COLUMNS)} FROM claims")
    assert claim == {
        "text": "It is good.",
        "sentence": "**Larch Hill Credit Union** is a good choice [1].",
        "kind": "fact",
        "polarity": "positive",
        "verdict": "supported",
        "fact": "It has no fees.",
        "url": "https://a.example/x",
    }


def test_places_are_stored_with_their_verdicts_and_the_sentiment_with_its_sentence(make, sandbox):
    row = read(make)

    (place,) = row["occurrences"]
    assert ANSWER[place["start"] : place["end"]] == "Larch Hill Credit Union"
    assert (place["verdict"], place["kept"], row["mentioned"]) == ("named", True, True)
    assert row["sentiment_evidence"] == "**Larch Hill Credit Union** is a good choice [1]."


def test_where_no_name_stands_nothing_is_stored_of_places(make, sandbox):
    run = make.run(answered=True)
    make.sql("UPDATE question_runs SET answer_text = 'Vantry is good.'")
    extract(str(run))

    (row,) = make.sql("SELECT occurrences, sentiment_evidence, mentioned FROM evaluations")
    assert row == {"occurrences": None, "sentiment_evidence": None, "mentioned": False}
