"""The labelled set is whole and means what docs/labelling.md says; what it measures is another's business."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from agreement import agreed, judged_twice, kappa, table
from labelled import ANSWERS, LABELS, chosen, labelled_twice, labels, made_texts, real_texts, rows

GUIDE = Path(__file__).parents[2] / "docs" / "labelling.md"
SENTIMENTS = {"positive", "neutral", "negative", "mixed"}
FIELDS = {
    "answer", "industry", "brand", "aliases", "websites", "mentioned", "why", "mention_text", "sentiment", "rank",
    "competitors", "cited",
}  # fmt: skip
needs_the_answers = pytest.mark.skipif(
    not ANSWERS.is_dir(), reason=f"no recorded answers at {ANSWERS}; SENSO_SHARED may say where they are"
)


def reasons():
    """The first column of the guide's table of them."""
    return set(re.findall(r"^\| `([a-z-]+)` \|", GUIDE.read_text(), re.MULTILINE))


def everything():
    return [*labels("real").values(), *labels("made").values()]


def test_there_are_enough_answers_pairs_industries_and_languages():
    real, made = labels("real"), labels("made")

    assert len({answer for answer, _ in real}) >= 150
    assert len({answer for answer, _ in made}) >= 50
    assert len({answer for answer, _ in real} | {answer for answer, _ in made}) >= 200
    assert len(real) + len(made) >= 1000
    assert len({label["industry"] for label in real.values()}) >= 3
    assert len({answer["language"] for answer in rows(LABELS / "made_answers.jsonl")}) >= 14


def test_each_answer_has_five_brands_and_each_brand_once():
    listed = [*rows(LABELS / "real.jsonl"), *rows(LABELS / "made.jsonl")]

    assert len(listed) == len(everything())
    assert min(Counter(label["answer"] for label in listed).values()) >= 5
    assert {answer for answer, _ in labels("made")} == set(made_texts())


def test_every_kind_of_judgement_is_there():
    assert {label["sentiment"] for label in everything()} == {*SENTIMENTS, None}
    assert {label["why"] for label in everything()} == {*reasons(), None}
    assert {label["cited"] for label in everything()} == {True, False}


@pytest.mark.parametrize("name", ["real", "made"])
def test_labels_have_their_fields_and_no_others(name):
    fields = FIELDS | ({"claims"} if name == "made" else set())

    for label in labels(name).values():
        assert set(label) == fields
        assert label["websites"]
        assert max(map(len, [label["brand"], *label["aliases"], *label["competitors"]])) <= 60


def test_a_mention_has_text_and_sentiment_and_its_absence_has_a_reason():
    for label in everything():
        mentioned = label["mentioned"]
        assert (label["why"] in reasons()) is not mentioned
        assert (label["sentiment"] in SENTIMENTS) is mentioned
        assert bool(label["mention_text"]) is mentioned
        assert label["rank"] is None or (mentioned and label["rank"] >= 1)


def test_nobody_competes_with_itself_or_twice():
    for label in everything():
        others = [name.casefold() for name in label["competitors"]]
        assert len(set(others)) == len(others), label
        assert label["brand"].casefold() not in others, label


def spans_fit(label, text):
    spans = label["mention_text"]
    assert len({tuple(span) for span in spans}) == len(spans)
    assert spans[1:] == sorted(spans[1:])
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()


def test_spans_lie_within_the_made_answers():
    texts = made_texts()
    for label in labels("made").values():
        spans_fit(label, texts[label["answer"]])
        for claim in label["claims"]:
            start, end = claim["span"]
            assert 0 <= start < end <= len(texts[label["answer"]])
            assert claim["polarity"] in {"good", "bad", "plain"}


@needs_the_answers
def test_spans_lie_within_the_recorded_answers():
    texts = real_texts()
    for label in labels("real").values():
        spans_fit(label, texts[label["answer"]])


@needs_the_answers
def test_the_recorded_answers_are_those_that_the_rule_chooses():
    assert list(dict.fromkeys(answer for answer, _ in labels("real"))) == chosen()


def test_a_quarter_is_labelled_twice():
    answers = {label["answer"] for label in labelled_twice()}

    assert set(labels("second")) == {(label["answer"], label["brand"]) for label in labelled_twice()}
    assert len(answers) * 4 >= 200
    assert {label["why"] for label in labels("second").values()} <= {*reasons(), None}


def test_the_guide_gives_the_numbers_of_labels_and_the_agreement_that_was_reached():
    guide = " ".join(GUIDE.read_text().split())
    real, made = (Counter(label["sentiment"] for label in labels(name).values()) for name in ("real", "made"))

    assert f"{real.total() + made.total():,} pairs" in guide
    assert f"{real['positive']} are positive, {real['neutral']} neutral, {real['mixed']} mixed" in guide
    assert f"{made['positive']} are positive, {made['neutral']} neutral, {made['mixed']} mixed" in guide
    assert " ".join(table().split()) in guide


def test_kappa_is_agreement_beyond_chance():
    assert kappa([(1, 1), (2, 2)]) == 1
    assert kappa([(1, 1), (1, 2), (2, 1), (2, 2)]) == 0
    # Cohen's own kind of table: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no.
    counted = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert (agreed(counted), kappa(counted)) == (0.7, pytest.approx(0.4))
    assert len(judged_twice("mentioned")) > len(judged_twice("sentiment"))


def test_the_second_labeller_sees_no_label():
    printed = subprocess.run(
        [sys.executable, Path(__file__).with_name("sheet.py")], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert len(printed) == len(labels("second"))
    for line in map(json.loads, printed):
        assert [line[field] for field in ("mentioned", "why", "sentiment", "rank")] == [None] * 4


def test_claims_are_of_thirty_answers_with_their_sentences_sources_and_facts():
    found = rows(LABELS / "claims.jsonl")

    assert len(found) >= 60
    assert len({claim["answer"] for claim in found}) >= 30
    assert sum(bool(claim["facts"]) for claim in found) >= 30
    assert {claim["dropped"] for claim in found} == {None, "sentence-not-in-answer", "not-about-the-org"}
    for claim in found:
        assert (claim["sentence"] is None) is (claim["dropped"] == "sentence-not-in-answer")
        assert (claim["verdict"] is not None) is bool(claim["facts"])
        assert (claim["fact"] is not None) is (claim["verdict"] in {"supported", "contradicted"})
    guide = " ".join(GUIDE.read_text().split())
    assert f"{len(found)} of {len({claim['answer'] for claim in found})} answers" in guide


@needs_the_answers
def test_sentences_of_claims_lie_within_their_answers_and_sources_are_addresses_of_theirs():
    texts = made_texts() | real_texts()
    for claim in rows(LABELS / "claims.jsonl"):
        text = texts[claim["answer"]]
        if claim["sentence"]:
            start, end = claim["sentence"]
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
        assert claim["url"] is None or claim["url"].removeprefix("https://") in text
