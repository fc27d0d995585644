import random

import pytest

from senso.numbers.change import Question, difference
from senso.numbers.sums import Sums
from senso.numbers.verdicts import Verdict, adjusted, before_correction, by_chance


def compared(before, after, each=6):
    """Of questions with so many hits among `each` answers."""
    pairs = [Question(one, each, other, each) for one, other in zip(before, after, strict=True)]
    sides = [Sums.of((hit, 1) for hits in side for hit in [1] * hits + [0] * (each - hits)) for side in (before, after)]
    return difference(pairs, *sides)


def test_the_difference_is_that_of_both_periods():
    found = compared([3, 0, 6, 3], [6, 0, 6, 6])

    assert (found.before, found.after, found.value, found.questions) == (0.5, 0.75, 0.25, 4)
    assert found.low < found.value < found.high


def test_what_a_question_has_in_both_periods_cancels_out():
    steady = compared([0, 0, 6, 6, 0, 6] * 5, [1, 1, 6, 6, 1, 6] * 5)
    shuffled = compared([0, 0, 6, 6, 0, 6] * 5, [6, 1, 1, 6, 6, 1] * 5)

    assert steady.value == pytest.approx(shuffled.value)
    assert steady.p < 0.05 < shuffled.p
    assert steady.high - steady.low < (shuffled.high - shuffled.low) / 2


def test_few_questions_that_change_alike_have_an_interval_with_width():
    found = compared([1, 1], [2, 2])

    assert found.low < 0 < found.high
    assert found.p > 0.05


def test_no_hit_in_either_period_is_no_change_and_no_certainty():
    found = compared([0] * 10, [0] * 10)

    assert (found.value, found.needed, found.p) == (0, None, 1)
    assert found.low < -0.02
    assert found.high > 0.02


def test_what_would_have_been_needed_is_more_the_smaller_the_change():
    small, large = compared([1, 5] * 5, [3, 4] * 5), compared([1] * 10, [5] * 10)

    assert small.needed > 20
    assert large.needed < 10
    assert large.detectable < large.value


def test_ranks_are_compared_as_ranks():
    pairs = [Question(4, 2, 2, 2) for _ in range(12)]
    found = difference(pairs, Sums.of([(2, 1)] * 24), Sums.of([(1, 1)] * 24), is_rank=True)

    assert (found.before, found.after, found.value) == (2, 1, -1)
    assert found.high < 0


def test_nothing_in_one_period_is_no_difference():
    assert compared([], []) is None
    assert difference([Question(1, 6, 0, 0)], Sums.of([(1, 6)]), Sums.of([])) is None


def test_many_are_corrected_as_benjamini_and_hochberg_do():
    assert adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjusted([]) == []
    assert adjusted([0.04] + [0.9] * 19)[0] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("shared", "answers", "is_same_model", "verdict"),
    [
        (0.4, 60, True, Verdict.QUESTIONS_CHANGED),
        (1.0, 9, True, Verdict.NOT_ENOUGH),
        (1.0, 60, False, Verdict.MODEL_CHANGED),
        (0.5, 10, True, None),
    ],
)
def test_what_forbids_a_verdict_by_numbers(shared, answers, is_same_model, verdict):
    found = compared([1] * 10, [5] * 10)

    assert before_correction(found, shared=shared, answers=answers, is_same_model=is_same_model) == verdict


def test_two_questions_are_not_enough():
    found = compared([1, 1], [5, 5])

    assert before_correction(found, shared=1, answers=12, is_same_model=True) is Verdict.NOT_ENOUGH
    assert before_correction(None, shared=1, answers=12, is_same_model=True) is Verdict.NOT_ENOUGH


def test_up_to_five_percent_of_chance_something_has_moved():
    assert (by_chance(0.05), by_chance(0.051)) == (Verdict.MOVED, Verdict.WITHIN_NOISE)


def test_the_same_truth_twice_seldom_moves_and_ten_points_on_sixty_questions_do():
    """A small case of bench/coverage.py: correlation .3, 6 answers a question."""
    rng = random.Random(5)

    def drawn(chance):
        return sum(rng.random() < chance for _ in range(6))

    def chances(shift, count=60):
        found = [rng.betavariate(0.3 * 7 / 3, 0.7 * 7 / 3) for _ in range(count)]
        moved = compared([drawn(one) for one in found], [drawn(one + shift * (1 - one) / 0.7) for one in found])
        return moved.p

    assert sum(chances(0) <= 0.05 for _ in range(200)) / 200 <= 0.08
    assert sum(chances(0.1) <= 0.05 for _ in range(60)) / 60 >= 0.8
