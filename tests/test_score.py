import itertools
import json
import os
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from senso.score import RULE_VERSION, CitedPage, Fact, leaderboard, score, sources, wilson
from senso.states import Category


def fact(question="q1", *, kind="unbranded", surface="consumer", model="chatgpt", location="US", **fields):
    found = {"mentioned": False, "sentiment": None, "rank": None, "competitors": ()} | fields
    found = {"citations": 0, "owned_citations": 0} | found
    return Fact(question_id=question, question_kind=kind, surface=surface, model=model, location=location, **found)


def metric(facts, name, **where):
    where = {"kind": "unbranded", "surface": "consumer", "model": None, "location": None} | where
    (only,) = [m for m in score(facts) if m.name == name and all(getattr(m, k) == v for k, v in where.items())]
    return only


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (8, 60, 6.9, 24.2),
        (1, 10, 1.8, 40.4),
        (59, 420, 11.0, 17.7),
        (5, 10, 23.7, 76.3),
        (30, 60, 37.7, 62.3),
        (210, 420, 45.2, 54.8),
        (0, 10, 0.0, 27.8),
        (10, 10, 72.2, 100.0),
    ],
)
def test_wilsons_interval_has_its_known_values(hits, trials, low, high):
    assert [round(100 * bound, 1) for bound in wilson(hits, trials)] == [low, high]


def test_wilsons_interval_holds_the_rate_and_stays_between_none_and_all():
    for trials in range(1, 40):
        for hits in range(trials + 1):
            low, high = wilson(hits, trials)
            assert 0 <= low <= hits / trials <= high <= 1


def test_the_mention_rate_is_mentions_by_answers():
    found = metric([fact(mentioned=i < 8) for i in range(60)], "mention_rate")

    assert (found.numerator, found.denominator, found.value) == (8, 60, 8 / 60)
    assert (round(found.low, 3), round(found.high, 3)) == (0.069, 0.242)
    assert (found.method, found.rule_version) == ("wilson-95", RULE_VERSION)


def test_the_owned_citation_rate_is_owned_citations_by_all_citations():
    found = metric(
        [fact(citations=7, owned_citations=1), fact(citations=3, owned_citations=1), fact()], "owned_citation_rate"
    )

    assert (found.numerator, found.denominator, found.value) == (2, 10, 0.2)


@pytest.mark.parametrize(("sentiment", "count"), [("positive", 2), ("mixed", 0), ("neutral", 1), ("negative", 0)])
def test_a_share_of_sentiment_is_that_of_the_answers_that_mention_the_org(sentiment, count):
    facts = [fact(mentioned=True, sentiment=told) for told in ("positive", "positive", "neutral", None)] + [fact()]
    found = metric(facts, f"sentiment_{sentiment}")

    assert (found.numerator, found.denominator) == (count, 4)


def test_share_of_voice_is_the_orgs_namings_by_all_namings():
    facts = [
        fact("q1", mentioned=True, competitors=("Globex", "Initech")),
        fact("q2", mentioned=False, competitors=("Globex", "GLOBEX")),
        fact("q3"),
    ]
    found = metric(facts, "share_of_voice")

    assert (found.numerator, found.denominator, found.value) == (1, 4, 0.25)
    assert found.method == "bootstrap-question-95"


def test_the_average_rank_is_over_the_answers_that_rank_the_org():
    facts = [fact("q1", mentioned=True, rank=1), fact("q2", mentioned=True, rank=4), fact("q3", mentioned=True)]
    found = metric(facts, "average_rank")

    assert (found.numerator, found.denominator, found.value) == (5, 2, 2.5)


@pytest.mark.parametrize("name", ["owned_citation_rate", "sentiment_positive", "share_of_voice", "average_rank"])
def test_where_there_is_nothing_to_divide_by_there_is_no_value(name):
    found = metric([fact("q1"), fact("q2")], name)

    assert (found.value, found.low, found.high, found.numerator, found.denominator) == (None, None, None, 0, 0)


@pytest.mark.parametrize("name", ["share_of_voice", "average_rank"])
def test_one_question_has_a_value_but_no_interval_and_says_so(name):
    found = metric([fact("q1", mentioned=True, rank=2), fact("q1", mentioned=True, rank=2), fact("q2")], name)

    assert found.value is not None
    assert (found.low, found.high, found.method) == (None, None, "none-under-2-questions")


def test_no_facts_have_no_metrics():
    assert score([]) == []


def many(count=60, seed=1):
    rng = random.Random(seed)
    models, locations = ("chatgpt", "gemini", "perplexity"), ("US", "GB")
    places = list(itertools.product(range(10), models, locations))[:count]
    return [
        fact(
            f"q{question}",
            kind="branded" if question < 3 else "unbranded",
            model=model,
            location=location,
            mentioned=(mentioned := rng.random() < 0.4),
            sentiment=rng.choice(["positive", "mixed", "neutral", "negative"]) if mentioned else None,
            rank=rng.randint(1, 5) if mentioned else None,
            competitors=tuple(rng.sample(["Globex", "Initech", "Umbrella", "Hooli"], rng.randint(0, 4))),
            citations=(citations := rng.randint(0, 8)),
            owned_citations=rng.randint(0, citations),
        )
        for question, model, location in places
    ]


def test_slices_are_kind_by_surface_by_all_each_model_and_each_location():
    facts = [*many(), fact("q1", surface="api", model="claude")]
    slices = {(m.kind, m.surface, m.model, m.location) for m in score(facts)}

    apart = [(None, None), ("chatgpt", None), ("gemini", None), ("perplexity", None), (None, "US"), (None, "GB")]
    api = [(None, None), ("claude", None), (None, "US")]
    assert slices == {
        *((kind, "consumer", *where) for kind in ("branded", "unbranded") for where in apart),
        *(("unbranded", "api", *where) for where in api),
    }


def test_kinds_and_surfaces_are_never_pooled():
    facts = [fact(mentioned=True), fact(kind="branded"), fact(surface="api"), fact(kind="branded", surface="api")]

    assert [m.denominator for m in score(facts) if m.name == "mention_rate" and not m.model and not m.location] == [
        1
    ] * 4


def test_every_slice_has_the_same_metrics_in_the_same_order():
    names = [
        [m.name for m in metrics]
        for _, metrics in itertools.groupby(score(many()), key=lambda m: (m.kind, m.surface, m.model, m.location))
    ]

    assert len(names) == 12
    assert all(each == names[0] for each in names)
    assert len(set(names[0])) == 12


def test_the_order_of_the_facts_does_not_matter():
    facts = many()
    expected = score(facts)

    for seed in range(3):
        random.Random(seed).shuffle(facts)
        assert score(facts) == expected


def test_the_same_facts_give_the_same_intervals_in_every_process():
    code = "import test_score as t; print([(m.low, m.high) for m in t.score(t.many())])"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert runs[0].strip() == str([(m.low, m.high) for m in score(many())])


def test_the_bootstrap_holds_the_value():
    drawn = [m for seed in range(20) for m in score(many(seed=seed)) if m.method == "bootstrap-question-95"]

    assert drawn
    assert all(m.low <= m.value <= m.high for m in drawn)


def test_the_bootstraps_interval_is_that_of_a_thousand_draws_added_one_by_one():
    """Written out as slowly as it can be said: how draws are kept and added must not change a number."""
    facts = [one for one in many() if one.question_kind == "unbranded"]
    by_question = [list(members) for _, members in itertools.groupby(facts, key=lambda one: one.question_id)]
    namings = [[(one.mentioned, one.mentioned + len(one.competitors)) for one in members] for members in by_question]
    sums = [tuple(map(sum, zip(*pairs, strict=True))) for pairs in namings]
    seed = "share_of_voice Slice(kind='unbranded', surface='consumer', model=None, location=None)"
    places = random.Random(seed).choices(range(len(sums)), k=1000 * len(sums))
    drawn = [[sums[place] for place in places[i : i + len(sums)]] for i in range(0, len(places), len(sums))]
    ratios = sorted(sum(top for top, _ in draw) / sum(bottom for _, bottom in draw) for draw in drawn)

    found = metric(facts, "share_of_voice")
    assert (found.low, found.high) == (ratios[24], ratios[975])


def test_the_bootstrap_draws_questions_and_not_runs():
    alike = [fact(f"q{i}", mentioned=i % 2 == 0, competitors=("Globex",)) for i in range(10) for _ in range(30)]
    unlike = [fact(f"q{i}", mentioned=run % 2 == 0, competitors=("Globex",)) for i in range(10) for run in range(30)]

    assert metric(alike, "share_of_voice").value == metric(unlike, "share_of_voice").value
    assert metric(unlike, "share_of_voice").low == metric(unlike, "share_of_voice").high
    assert metric(alike, "share_of_voice").high - metric(alike, "share_of_voice").low > 0.2


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_promises():
    rng = random.Random(7)

    def covers():
        facts = [fact(f"q{i}", mentioned=rng.random() < 0.5, competitors=("Globex",)) for i in range(40)]
        found = next(m for m in score(facts) if m.name == "share_of_voice")
        return found.low <= 1 / 3 <= found.high

    assert 0.88 <= sum(covers() for _ in range(100)) / 100 <= 1


def test_the_leaderboard_counts_answers_and_joins_spellings():
    facts = [
        fact(competitors=("Globex", "Initech")),
        fact(competitors=("GLOBEX", "Hooli")),
        fact(competitors=("Globex", "globex")),
    ]

    assert [asdict(one) for one in leaderboard(facts)] == [
        {"name": "Globex", "answers": 3},
        {"name": "Hooli", "answers": 1},
        {"name": "Initech", "answers": 1},
    ]


def test_sources_count_answers_by_domain_type_and_category():
    pages = [
        CitedPage("a1", "facebook.com", "primary", Category.OWN),
        CitedPage("a1", "facebook.com", "secondary", Category.SOCIAL),
        CitedPage("a1", "wiki.org", "secondary", Category.REFERENCE),
        CitedPage("a1", "wiki.org", "secondary", Category.REFERENCE),
        CitedPage("a2", "wiki.org", "secondary", Category.REFERENCE),
        CitedPage("a2", "", "secondary"),
    ]

    assert [asdict(domain) for domain in sources(pages)] == [
        {"domain": "wiki.org", "type": "secondary", "answers": 2, "category": "reference"},
        {"domain": "facebook.com", "type": "primary", "answers": 1, "category": "own"},
        {"domain": "facebook.com", "type": "secondary", "answers": 1, "category": "social"},
    ]


def test_each_answer_has_one_of_four_outcomes():
    facts = [
        fact("q1", mentioned=True, citations=2, owned_citations=1),
        fact("q2", mentioned=True, citations=2, owned_citations=0),
        fact("q3", mentioned=False, citations=1, owned_citations=1),
        fact("q4", mentioned=False, citations=0, owned_citations=0),
        fact("q5", mentioned=False, citations=3, owned_citations=0),
    ]

    found = {name: metric(facts, name) for name in ("named_and_cited", "named_only", "cited_only", "neither")}
    assert {name: (one.numerator, one.denominator) for name, one in found.items()} == {
        "named_and_cited": (1, 5),
        "named_only": (1, 5),
        "cited_only": (1, 5),
        "neither": (2, 5),
    }


def test_metrics_can_be_written_as_json():
    assert json.loads(json.dumps([asdict(m) for m in score(many())]))
