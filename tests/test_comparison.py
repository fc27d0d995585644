import random
from dataclasses import replace

import pytest
from test_score import fact

from senso.comparison import NUMBERS, Period, change_json, compared
from senso.numbers.verdicts import Verdict

QUESTIONS = range(20)
CELLS = [(f"q{i}", model, place) for i in QUESTIONS for model in ("chatgpt", "gemini") for place in ("US", "GB", "DE")]


def asked(named, cells=CELLS):
    """`named(question)`: how likely an answer to it names the org."""
    rng = random.Random(4)
    return [
        fact(question, model=model, location=place, mentioned=rng.random() < named(int(question[1:])))
        for question, model, place in cells
    ]


def period(facts, **versions):
    return Period(facts, {model: frozenset(names) for model, names in versions.items()})


def change(found, name="mention_rate", model=None, location=None):
    (only,) = [one for one in found if (one.name, one.model, one.location) == (name, model, location)]
    return only


def test_what_moved_comes_first_the_surest_first():
    found = compared(period(asked(lambda i: 0.1)), period(asked(lambda i: 0.6)))

    moved = [one for one in found if one.verdict is Verdict.MOVED]
    assert moved
    assert found[: len(moved)] == moved
    assert [one.corrected_p for one in moved] == sorted(one.corrected_p for one in moved)
    assert change(found) in moved


def test_the_same_answers_are_within_noise():
    facts = asked(lambda i: 0.4)
    found = compared(period(facts), period(facts))

    assert {one.verdict for one in found if one.name == "mention_rate"} == {Verdict.WITHIN_NOISE}
    assert change(found).difference.value == 0
    assert change(found).difference.low < 0 < change(found).difference.high


def test_only_what_both_periods_asked_is_compared():
    before = asked(lambda i: 0.0, CELLS)
    after = asked(lambda i: 0.0, CELLS) + [fact("new", mentioned=True) for _ in range(50)]
    found = change(compared(period(before), period(after)))

    assert (found.difference.before, found.difference.after) == (0, 0)
    assert found.shared == pytest.approx(120 / 121)


def test_a_cell_counts_once_however_often_it_was_asked():
    before = asked(lambda i: i % 2)
    often = [one for one in before if one.question_id == "q1"] * 40
    found = change(compared(period(before), period(before + often)))

    assert found.difference.value == 0


def test_other_questions_are_no_change():
    before, after = asked(lambda i: 0.1), asked(lambda i: 0.9)
    moved = [
        replace(one, question_id=f"new {one.question_id}") if int(one.question_id[1:]) < 12 else one for one in after
    ]

    assert change(compared(period(before), period(moved))).verdict is Verdict.QUESTIONS_CHANGED


def test_another_version_of_the_model_is_no_change_of_the_org():
    before, after = period(asked(lambda i: 0.1), chatgpt={"a"}), period(asked(lambda i: 0.9), chatgpt={"b"})
    found = compared(before, after)

    assert change(found).verdict is Verdict.MODEL_CHANGED
    assert change(found, model="chatgpt").verdict is Verdict.MODEL_CHANGED
    assert change(found, model="gemini").verdict is Verdict.MOVED
    assert change(found).difference.value > 0.5
    assert change(found).corrected_p is None


def test_a_model_that_does_not_say_its_version_is_taken_for_the_same():
    found = compared(period(asked(lambda i: 0.1)), period(asked(lambda i: 0.9), chatgpt={"b"}))

    assert change(found, model="chatgpt").verdict is Verdict.MOVED


def test_two_questions_are_not_enough():
    cells = [cell for cell in CELLS if cell[0] in {"q1", "q2"}]
    found = compared(period(asked(lambda i: 0, cells)), period(asked(lambda i: 1, cells)))

    assert change(found).verdict is Verdict.NOT_ENOUGH


def test_kinds_and_surfaces_are_compared_apart():
    before = asked(lambda i: 0.1) + [replace(one, question_kind="branded") for one in asked(lambda i: 0.9)]
    found = compared(period(before), period(before))

    assert {(one.kind, one.surface) for one in found} == {("unbranded", "consumer"), ("branded", "consumer")}
    assert {one.name for one in found} == set(NUMBERS)


def test_what_was_found_can_be_written_as_json():
    found = change_json(compared(period(asked(lambda i: 0.1)), period(asked(lambda i: 0.6)))[0])

    assert found["verdict"] == "moved"
    assert found["slice"]["kind"] == "unbranded"
    assert found["low"] < found["value"] < found["high"]
    assert found["needed"] <= found["questions"]


def test_periods_of_the_same_truth_seldom_move():
    """Of 40 pairs of periods, with 72 numbers each, at most 5 % may have moved; bench/coverage.py has many more."""
    rng, moved = random.Random(8), 0
    for _ in range(40):
        chances = [rng.betavariate(0.7, 1.6) for _ in QUESTIONS]
        sides = [
            [fact(q, model=m, location=p, mentioned=rng.random() < chances[int(q[1:])]) for q, m, p in CELLS]
            for _ in range(2)
        ]
        moved += any(one.verdict is Verdict.MOVED for one in compared(*map(period, sides)))

    assert moved <= 4
