import random

import pytest

from senso.numbers.intervals import rank_like, rank_these, share_like, share_these, wilson
from senso.numbers.repeats import within_repeats
from senso.numbers.sums import Sums


def questions(*pairs):
    return Sums.of(pairs)


def answers(hits, count):
    return Sums.of([(1, 1)] * hits + [(0, 1)] * (count - hits))


def width(found):
    return found.high - found.low


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (8, 60, 6.9, 24.2),
        (1, 10, 1.8, 40.4),
        (59, 420, 11.0, 17.7),
        (5, 10, 23.7, 76.3),
        (0, 10, 0.0, 27.8),
        (10, 10, 72.2, 100.0),
    ],
)
def test_wilsons_interval_has_its_known_values(hits, trials, low, high):
    assert [round(100 * bound, 1) for bound in wilson(hits / trials, trials)] == [low, high]


def test_the_same_questions_asked_again_have_wilsons_interval():
    for hits in (0, 2, 30, 60):
        found = share_these(answers(hits, 60))

        assert (found.low, found.high) == wilson(hits / 60, 60)
        assert (found.effective_n, found.method) == (60, "wilson-95")


def test_answers_that_resemble_each_other_within_a_question_are_worth_less():
    alike = share_like(questions(*[(6, 6), (0, 6)] * 5))
    unlike = share_like(questions(*[(3, 6)] * 10))

    assert alike.effective_n == pytest.approx(10, rel=0.05)
    assert unlike.effective_n == 60
    assert width(alike) > 1.7 * width(unlike)


def test_each_question_asked_once_is_worth_its_answer():
    found = share_like(questions(*[(1, 1)] * 30, *[(0, 1)] * 30))

    assert found.effective_n == 60
    assert (found.low, found.high) == pytest.approx(wilson(0.5, 60), abs=0.005)


@pytest.mark.parametrize("count", [3, 10, 200])
def test_none_and_all_have_intervals_that_shrink_with_the_number_of_questions(count):
    none, every = share_like(questions(*[(0, 6)] * count)), share_like(questions(*[(6, 6)] * count))

    assert (none.low, every.high) == (0, 1)
    assert none.high == pytest.approx(1 - every.low)
    assert 0.6 / count < none.high < 5 / count


@pytest.mark.parametrize("pairs", [[(1, 9), (1, 9)], [(1, 9), (1, 9), (1, 9)], [(1, 10), (1, 8)]])
def test_two_or_three_questions_that_agree_are_no_certainty(pairs):
    found = share_like(questions(*pairs))

    assert found.low < 0.05
    assert found.high > 0.3


@pytest.mark.parametrize("pairs", [[(2, 1), (2, 1)], [(4, 2)] * 3])
def test_ranks_that_agree_are_no_certainty(pairs):
    found = rank_like(questions(*pairs))

    assert 1 <= found.low < 1.5
    assert found.high > 4


def test_one_question_says_nothing_about_others():
    assert share_like(questions((3, 6))).method == "none-under-2-questions"
    assert share_like(questions((3, 6), (0, 0))).low is None


def test_nothing_to_divide_by_has_no_interval():
    assert share_like(questions((0, 0))).method == "none"
    assert rank_these(Sums.of([])).low is None


def test_one_question_that_outweighs_the_others_is_not_taken_for_many():
    even, uneven = share_like(questions(*[(10, 30)] * 11)), share_like(questions((100, 300), *[(1, 3)] * 10))

    assert width(uneven) > 2 * width(even)


def test_shares_and_ranks_hold_their_value_and_stay_within_what_is_possible():
    rng = random.Random(3)
    for _ in range(300):
        pairs = [(rng.randint(0, (n := rng.randint(0, 9))), n) for _ in range(rng.randint(2, 12))]
        found = Sums.of(pairs)
        if found.units > 1:
            share, rank = share_like(found), rank_like(Sums.of((x + n, n) for x, n in pairs))
            assert 0 <= share.low <= found.ratio <= share.high <= 1
            assert 1 <= rank.low <= 1 + found.ratio <= rank.high


def test_more_questions_narrow_the_interval():
    widths = [width(share_like(questions(*[(6, 6), (0, 6), (3, 6)] * times))) for times in (1, 3, 10, 60)]

    assert widths == sorted(widths, reverse=True)


def test_steady_repeats_narrow_the_interval_of_the_same_questions():
    steady = [[(1, 1)] * 3] * 10 + [[(0, 1)] * 3] * 10
    unsteady = [[(1, 1), (0, 1), (1, 1), (0, 1)]] * 15
    once = [[(1, 1)]] * 30 + [[(0, 1)]] * 30

    assert within_repeats(steady, 0.5) < 0.2
    assert within_repeats(unsteady, 0.5) == 1
    assert within_repeats(once, 0.5) == 1
    assert width(share_these(answers(30, 60), within_repeats(steady, 0.5))) < width(share_these(answers(30, 60))) / 2


def test_the_interval_holds_the_rate_of_all_questions_as_often_as_it_says():
    """A small case of bench/coverage.py: 10 questions of 6 answers, correlation .3."""
    rng = random.Random(11)

    def holds(rate):
        chances = [rng.betavariate(rate * 7 / 3, (1 - rate) * 7 / 3) for _ in range(10)]
        found = share_like(questions(*[(sum(rng.random() < chance for _ in range(6)), 6) for chance in chances]))
        return found.low <= rate <= found.high

    for rate in (0.1, 0.5, 0.8):
        assert 0.92 <= sum(holds(rate) for _ in range(600)) / 600 <= 0.99
