"""The figures of docs/evaluation.md are those of today, and none has become worse."""

import re
from functools import cache
from pathlib import Path

import pytest
from labelled import ANSWERS

from senso.evaluation import claims
from senso.evaluation.labelled import all_answers, labelled
from senso.evaluation.reading import by_rules
from senso.evaluation.report import evaluated

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"
ROW = re.compile(r"^\| (all|made|recorded) \| ([a-z ]+) \| (precision|recall) \|.* ([\d.]+) \|$", re.MULTILINE)


def expected():
    return ROW.findall(PAGE.read_text())


@cache
def figures():
    folder = ANSWERS if ANSWERS.is_dir() else None
    answers = labelled(folder)
    reads = [[by_rules(of, label) for label in of.labels] for of in answers]
    checked = claims.measured(all_answers(folder))
    found = evaluated(answers, reads, "rules", by_model=False, checked=checked)
    return {(one.answers, one.field): one for one in found.measured}


@pytest.mark.parametrize(("which", "field", "measure", "figure"), expected())
def test_a_figure_of_the_page_is_that_of_today(which, field, measure, figure):
    if which != "made" and not ANSWERS.is_dir():
        pytest.skip(f"no recorded answers at {ANSWERS}; SENSO_SHARED may say where they are")
    found = getattr(figures()[which, field], measure)

    assert f"{100 * found.value:.1f}" == figure
    assert found.low <= found.value <= found.high


def test_the_page_gives_precision_and_recall_of_every_field_that_rules_decide():
    measured = {(which, field) for (which, field), one in figures().items() if one.n is not None and which == "made"}

    assert {(which, field) for which, field, _, _ in expected() if which == "made"} == measured
    assert {measure for _, _, measure, _ in expected()} == {"precision", "recall"}
    assert len(expected()) == 2 * 2 * len(measured)
