"""The tables of docs/numbers.md about real repeats, counted again; and the count that others have published."""

import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SENSO_SHARED", ROOT.parent / "shared"))
pytestmark = pytest.mark.skipif(
    not (SHARED / "answers" / "chatgpt").is_dir(),
    reason=f"no recorded answers at {SHARED}/answers; SENSO_SHARED may say where they are",
)


@pytest.fixture
def published(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module("published")


@pytest.fixture
def questions(published):
    recorded = importlib.import_module("recorded")
    return published.asked(recorded.answers(SHARED / "answers"))


def test_the_labels_count_what_was_published(published, questions):
    """56 % of 795 (question, brand) pairs, also by sets alone, without anything of the product."""
    found = published.pairs(questions, published.by_label)
    first, second = ([one.answers[place].labels for one in questions] for place in (0, 1))

    assert (found.named, found.missing) == (795, 446)
    assert found.missing == sum(len(one ^ other) for one, other in zip(first, second, strict=True))


def test_the_page_has_what_is_counted(published, questions):
    page = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")

    assert published.steadiness(questions) in page
    assert published.correlations(questions) in page
