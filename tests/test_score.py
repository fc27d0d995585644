import itertools
import json
import os
import random
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from senso.score import RULE_VERSION, CitedPage, Fact, leaderboard, score, sources
from senso.states import Category, Verdict


def fact(question="q1", *, kind="unbranded", surface="consumer", model="chatgpt", location="US", **fields):
    found = {"mentioned": False, "sentiment": None, "rank": None, "competitors": ()} | fields
    found = {"citations": 0, "owned_citations": 0} | found
    return Fact(question_id=question, question_kind=kind, surface=surface, model=model, location=location, **found)


def metric(facts, name, **where):
    where = {"kind": "unbranded", "surface": "consumer", "model": None, "location": None, "tag": None} | where
    (only,) = [m for m in score(facts) if m.name == name and all(getattr(m, k) == v for k, v in where.items())]
    return only


def test_the_mention_rate_is_mentions_by_answers():
    found = metric([fact(f"q{i % 10}", mentioned=i < 8) for i in range(60)], "mention_rate")

    assert (found.numerator, found.denominator, found.value) == (8, 60, 8 / 60)
    assert (found.answers, found.questions, found.about) == (60, 10, "like")
    assert (round(found.these_low, 3), round(found.these_high, 3)) == (0.069, 0.242)
    assert (found.method, found.these_method, found.rule_version) == ("wilson-questions-95", "wilson-95", RULE_VERSION)


def test_the_owned_citation_rate_is_owned_citations_by_all_citations():
    found = metric(
        [fact(citations=7, owned_citations=1), fact(citations=3, owned_citations=1), fact()], "owned_citation_rate"
    )

    assert (found.numerator, found.denominator, found.value) == (2, 10, 0.2)


@pytest.mark.parametrize(("sentiment", "count"), [("positive", 2), ("mixed", 1), ("neutral", 1), ("negative", 0)])
def test_a_share_of_sentiment_is_that_of_the_answers_that_mention_the_org(sentiment, count):
    facts = [fact(mentioned=True, sentiment=told) for told in ("positive", "positive", "neutral", "mixed", None)] + [
        fact()
    ]
    found = metric(facts, f"sentiment_{sentiment}")

    assert (found.numerator, found.denominator) == (count, 5)


def test_share_of_voice_is_the_orgs_namings_by_all_namings():
    facts = [
        fact("q1", mentioned=True, competitors=("Globex", "Initech")),
        fact("q2", mentioned=False, competitors=("Globex", "GLOBEX")),
        fact("q3"),
    ]
    found = metric(facts, "share_of_voice")

    assert (found.numerator, found.denominator, found.value) == (1, 4, 0.25)
    assert (found.questions, found.method) == (2, "wilson-questions-95")


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
    assert found.these_low < found.value <= found.these_high


def test_the_first_place_share_is_of_the_answers_that_rank_the_org():
    facts = [fact("q1", mentioned=True, rank=1), fact("q2", mentioned=True, rank=4), fact("q3", mentioned=True)]
    found = metric(facts, "first_place_share")

    assert (found.numerator, found.denominator, found.value) == (1, 2, 0.5)


def test_the_share_of_text_is_the_mean_of_all_answers_that_have_one_also_of_those_that_do_not_name_the_org():
    facts = [fact("q1", mentioned=True, share_of_text=0.25, share_of_entries=0.5), fact("q2", share_of_text=0.0)]
    text, entries = metric(facts, "share_of_text"), metric(facts, "share_of_entries")

    assert (text.numerator, text.denominator, text.value, text.questions) == (2500, 20000, 0.125, 2)
    assert (entries.numerator, entries.denominator, entries.value, entries.questions) == (5000, 10000, 0.5, 1)
    assert text.effective_n <= 2
    assert 0 <= text.low < 0.125 < text.high < 1


def test_net_sentiment_is_positive_less_negative_of_the_mentions_and_mixed_counts_nothing():
    told = ["positive", "negative", "negative", "negative", "mixed", "neutral", None]
    found = metric([fact(f"q{i}", mentioned=True, sentiment=one) for i, one in enumerate(told)], "net_sentiment")

    assert (found.numerator, found.denominator, found.value) == (-2, 7, -2 / 7)
    assert -1 <= found.low < -2 / 7 < found.high <= 1
    assert -1 <= found.these_low < -2 / 7 < found.these_high <= 1
    alike = metric([fact(f"q{i}", mentioned=True, sentiment="negative") for i in range(9)], "net_sentiment")
    assert (alike.value, alike.low, alike.high > -1) == (-1, -1, True)


def test_citation_shares_by_category_and_the_orgs_own_add_up_to_all_citations():
    facts = [fact("q1", citations=3, owned_citations=1, categories=(Category.OWN, Category.NEWS, Category.NEWS))]
    facts += [fact("q2", citations=1, categories=(Category.COMPETITOR,))]
    shares = {m.name: m for m in score(facts) if "citation" in m.name and not (m.model or m.location)}

    assert (shares["citation_share_news"].numerator, shares["citation_share_competitor"].numerator) == (2, 1)
    assert {m.denominator for m in shares.values()} == {4}
    assert sum(m.numerator for m in shares.values()) == 4


def test_claims_are_shared_by_verdict_among_those_that_have_one():
    judged = (Verdict.SUPPORTED, Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_COVERED)
    facts = [fact("q1", mentioned=True, verdicts=judged), fact("q2", mentioned=True)]
    found = {name: metric(facts, f"claims_{name}") for name in ("supported", "contradicted", "not_covered")}

    assert {name: one.numerator for name, one in found.items()} == {"supported": 2, "contradicted": 1, "not_covered": 1}
    assert {one.denominator for one in found.values()} == {4}


def test_an_answer_is_in_the_slice_of_each_tag_of_its_question_and_kinds_and_surfaces_stay_apart():
    facts = [
        fact("q1", mentioned=True, tags=("loans", "price")),
        fact("q2", tags=("loans",)),
        fact("q3", tags=("loans",), kind="branded"),
        fact("q4", mentioned=True, tags=("loans",), surface="api"),
        fact("q5"),
    ]
    rates = {
        (m.kind, m.surface, m.tag): (m.numerator, m.denominator)
        for m in score(facts)
        if m.name == "mention_rate" and m.tag
    }

    assert rates == {
        ("unbranded", "consumer", "loans"): (1, 2),
        ("unbranded", "consumer", "price"): (1, 1),
        ("branded", "consumer", "loans"): (0, 1),
        ("unbranded", "api", "loans"): (1, 1),
    }
    assert not any(m.tag and (m.model or m.location) for m in score(facts))


def test_a_tag_of_all_questions_has_the_numbers_of_all():
    facts = [replace(one, tags=("all",)) for one in many()]
    found = score(facts)

    def said(**where):
        mine = (m for m in found if (m.model, m.location, m.tag) == (None, None, where["tag"]))
        return [replace(m, tag=None) for m in mine]

    assert said(tag="all") == said(tag=None)


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
    assert len(set(names[0])) == 28


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


def test_both_intervals_hold_the_value():
    found = [m for seed in range(20) for m in score(many(seed=seed)) if m.value is not None]

    assert found
    assert all(m.these_low <= m.value <= m.these_high for m in found)
    assert all(m.low <= m.value <= m.high for m in found if m.low is not None)


def test_questions_are_the_unit_of_questions_like_these_and_answers_of_the_same_questions():
    alike = [fact(f"q{i}", model=f"m{run}", mentioned=i % 2 == 0) for i in range(10) for run in range(30)]
    unlike = [fact(f"q{i}", model=f"m{run}", mentioned=run % 2 == 0) for i in range(10) for run in range(30)]
    one, other = metric(alike, "mention_rate"), metric(unlike, "mention_rate")

    assert (one.value, one.these_low, one.these_high) == (other.value, other.these_low, other.these_high)
    assert one.effective_n == pytest.approx(10, rel=0.05)
    assert other.effective_n == 300
    assert one.high - one.low > 3.5 * (other.high - other.low)


def test_few_questions_that_agree_are_no_certainty():
    facts = [fact(f"q{i % 2}", mentioned=True, rank=2, competitors=tuple("abcdefgh"[: 7 + i % 2])) for i in range(4)]
    voice, rank = metric(facts, "share_of_voice"), metric(facts, "average_rank")

    assert round(voice.value, 2) == 0.12
    assert (voice.low < 0.04, voice.high > 0.25) == (True, True)
    assert (rank.value, rank.low < 1.5, rank.high > 4) == (2, True, True)


def test_what_is_asked_twice_narrows_the_interval_of_the_same_questions():
    once = [fact(f"q{i}", mentioned=i < 10) for i in range(40)]
    steady = metric(once + once, "mention_rate")
    unsteady = metric(once + [fact(f"q{i}", mentioned=i >= 30) for i in range(40)], "mention_rate")

    assert (steady.these_method, metric(once, "mention_rate").these_method) == ("wilson-repeats-95", "wilson-95")
    assert steady.these_high - steady.these_low < (unsteady.these_high - unsteady.these_low) / 2


def test_citations_of_one_answer_are_no_independent_ones():
    facts = [
        fact(f"q{i}", citations=12, owned_citations=12 * (i % 2), model=f"m{run}") for i in range(3) for run in "ab"
    ]
    crossed = [
        fact(f"q{i}", citations=12, owned_citations=12 * (run == "a"), model=f"m{run}")
        for i in range(3)
        for run in "ab"
    ]

    assert metric(crossed, "owned_citation_rate").effective_n < 8
    assert metric(facts, "owned_citation_rate").effective_n < 8


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
