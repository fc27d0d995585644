"""What is said of numbers, and how competitors are ranked, without a page."""

from dataclasses import replace

import pytest

from senso.comparison import Period
from senso.dashboard.orgs import place_maps, words
from senso.dashboard.orgs.leaders import leaders
from senso.numbers.verdicts import Verdict
from senso.reads.cells import Cell
from senso.reads.findings import Part
from senso.score import COUNTS, Fact, score
from senso.states import QuestionKind, Sentiment, Surface

OWN = "Larch Hill"
FACT = Fact(
    question_id="0",
    question_kind=QuestionKind.UNBRANDED,
    surface=Surface.API,
    model="m",
    location="US",
    mentioned=False,
    sentiment=None,
    rank=None,
    competitors=(),
    citations=0,
    owned_citations=0,
)
POOL = Part(QuestionKind.UNBRANDED, Surface.API)


def period(naming: int, *, of: int = 20, by: str = "Vantry") -> Period:
    """So many of the questions name a competitor; half of them also the org."""
    named = [
        replace(FACT, question_id=str(at), competitors=(by,) if at < naming else (), mentioned=at % 2 == 0)
        for at in range(of)
    ]
    return Period(named, {})


def test_competitors_and_the_org_share_one_table_with_ranks_and_verdicts():
    first, second = leaders(OWN, period(20), period(0), POOL)

    assert (first.name, first.rank, first.answers, first.of) == ("Vantry", 1, 20, 20)
    assert first.change is not None
    assert first.change.verdict is Verdict.MOVED
    assert first.interval.low is not None
    assert (second.name, second.is_own, second.answers, second.rank) == (OWN, True, 10, 2)
    assert second.change is not None
    assert second.change.verdict is Verdict.WITHIN_NOISE


def test_equal_counts_share_a_rank_and_capitals_do_not_matter():
    found = leaders(OWN, period(10, by="vantry"), period(10, by="VANTRY"), POOL)

    assert [one.rank for one in found] == [1, 1]
    changes = [one.change for one in found if not one.is_own]
    assert [one.verdict for one in changes if one] == [Verdict.WITHIN_NOISE]


def test_without_answers_before_or_in_the_part_nothing_is_compared():
    assert leaders(OWN, period(5), None, POOL)[0].change is None
    assert leaders(OWN, period(5), period(5), replace(POOL, surface=Surface.CONSUMER)) == []
    elsewhere = Period([replace(one, location="CA") for one in period(5).facts], {})
    assert leaders(OWN, period(5), elsewhere, replace(POOL, location="US"))[0].change is None


def test_what_a_number_is_of_is_said_in_words():
    facts = [
        replace(FACT, question_id=str(at), mentioned=True, sentiment=Sentiment.POSITIVE, rank=1, citations=2,
                owned_citations=1, competitors=("Vantry",), share_of_text=0.5)
        for at in range(3)
    ]  # fmt: skip
    said = {one.name: words.of(one) for one in score(facts) if one.model is None and one.location is None}

    assert said["mention_rate"] == "3 of 3 answers"
    assert said["share_of_voice"] == "3 of 6 namings of companies"
    assert said["owned_citation_rate"] == "3 of 6 pages cited"
    assert said["average_rank"] == "in 3 answers with a ranking"
    assert said["sentiment_positive"] == "3 of 3 mentions"
    assert said["net_sentiment"] == "in 3 mentions"
    assert said["share_of_text"] == "in 3 answers"
    assert said.keys() == COUNTS.keys()


@pytest.mark.parametrize(("questions", "said"), [(1, "from one question"), (2, "too wide"), (40, "")])
def test_a_number_that_says_little_says_so(questions, said):
    facts = [replace(FACT, question_id=str(at), mentioned=at % 2 == 0) for at in range(questions)]
    rate = next(one for one in score(facts) if one.name == "mention_rate")

    assert words.doubt(rate).startswith(said)
    assert bool(words.doubt(rate)) == bool(said)


def test_a_map_keeps_its_size_and_says_how_many_places_are_left_out():
    cells = [Cell(f"model {at % 6}", f"place {at // 6:03}", 1 + at % 7, 1) for at in range(600)]

    found = place_maps.place_map(cells)

    assert found is not None
    assert len(found.models) == 6
    assert len(found.rows) + found.more == 100
    assert len(found.rows) * len(found.models) <= place_maps.MOST_CELLS
    assert place_maps.place_map(cells[:1]) is None
    assert place_maps.place_map([cells[0], cells[7]]).rows[0].cells[1] is None
