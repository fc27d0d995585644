"""When a few more answers may change a verdict; and what bench/repeats.py simulates, in small."""

import importlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from senso.comparison import Change, undecided
from senso.numbers.verdicts import NEAR, Verdict, is_near

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SENSO_SHARED", ROOT.parent / "shared"))
HEADLINE = Change("mention_rate", "unbranded", "api", None, None, None, Verdict.WITHIN_NOISE, None, 0.1, 1.0, 20)


@pytest.mark.parametrize(("p", "near"), [(0.001, False), (NEAR[0], True), (0.05, True), (NEAR[1], True), (0.21, False)])
def test_a_verdict_is_near_on_both_sides_of_its_level(p, near):
    assert is_near(p) is near


def test_headline_numbers_of_whole_pools_are_what_is_decided():
    others = [
        replace(HEADLINE, corrected_p=0.5),
        replace(HEADLINE, corrected_p=None, verdict=Verdict.NOT_ENOUGH),
        replace(HEADLINE, name="average_rank"),
        replace(HEADLINE, model="chatgpt"),
        replace(HEADLINE, location="US"),
        replace(HEADLINE, tag="loans"),
    ]

    assert undecided([HEADLINE, *others]) == [HEADLINE]
    assert undecided([replace(HEADLINE, name="share_of_voice", verdict=Verdict.MOVED, corrected_p=0.03)])


@pytest.mark.skipif(
    not (SHARED / "answers" / "chatgpt").is_dir(),
    reason=f"no recorded answers at {SHARED}/answers; SENSO_SHARED may say where they are",
)
def test_asking_near_a_decision_sees_more_than_asking_once_for_less_than_asking_always(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    repeats, published = (importlib.import_module(name) for name in ("repeats", "published"))
    recorded = importlib.import_module("recorded")
    questions = published.asked(recorded.answers(SHARED / "answers"))
    of = repeats.real(list(published.of_its_topics(questions)))

    once, always = (repeats.fixed(of, 30, 0.1, samples, 150) for samples in (1, repeats.MOST))
    near = repeats.adaptive(of, 30, 0.1, is_near, 150)

    assert once.moved + 0.1 < near.moved <= always.moved
    assert 1 < near.samples < 0.75 * repeats.MOST
