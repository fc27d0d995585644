"""States and kinds are members of enums, and no code but `senso.states` writes one as a word."""

import ast
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from senso import extraction, states
from senso.db.typed import typed
from senso.states import BatchState, EvaluationState, PushStatus, RunState

ROOT = Path(__file__).parents[1] / "senso"
ENUMS = [one for one in vars(states).values() if isinstance(one, type) and issubclass(one, StrEnum) and one != StrEnum]
WORDS = {str(member) for members in ENUMS for member in members}
# Fields and arguments that hold a member.
NAMES = {"action", "batch_kind", "batch_state", "entry", "evaluation", "finished_by", "kind", "outcome", "purpose"}
NAMES |= {"push", "question_kind", "searched", "sentiment", "state", "status", "surface"}
COMPARED = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
FILES = [path for path in sorted(ROOT.rglob("*.py")) if not {"states", "sandbox"} & set(path.parts)]


def is_word(node):
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_word, node.elts))
    return isinstance(node, ast.Constant) and node.value in WORDS


def holds_a_member(node):
    """`batch.state` and `row["state"]`. A plain name may be a vendor's word."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in NAMES
    return isinstance(node, ast.Attribute) and node.attr in NAMES


def written_out(tree):
    """The lines on which a state is compared with a word, or a word is given as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(one, COMPARED) for one in node.ops):
            sides = [node.left, *node.comparators]
            if any(map(is_word, sides)) and any(map(holds_a_member, sides)):
                yield node.lineno
        if isinstance(node, ast.keyword) and node.arg in NAMES and is_word(node.value):
            yield node.value.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_state_is_compared_with_a_word(path):
    assert list(written_out(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "line",
    [
        'batch.state == "queued"',
        'batch.state in {"failed", other}',
        '"done" != row["state"]',
        'end(batch, state="failed")',
        'report(outcome="rate limited")',
    ],
)
def test_a_state_that_is_written_out_is_found(line):
    assert list(written_out(ast.parse(line))) == [1]


@pytest.mark.parametrize(
    "line", ['found.state == "ok"', 'status == "failed"', 'check(kind="ajar")', "one.state in OPEN"]
)
def test_another_word_is_no_state(line):
    assert list(written_out(ast.parse(line))) == []


# What statements compare a column with. `repairs.kind` is free text.
COLUMNS = {
    "state": (BatchState, RunState, EvaluationState, states.JobState, states.ProposalState, states.CompetitorState),
    "status": (PushStatus, states.MessageStatus),
    "entry": (states.Entry,),
    "purpose": (states.Purpose,),
    "outcome": (states.Outcome,),
    "kind": (states.BatchKind, states.JobKind, states.LedgerKind, states.QuestionKind),
    "surface": (states.Surface,),
    "searched": (states.Searched,),
    "sentiment": (states.Sentiment,),
}
COMPARISON = re.compile(
    r"\b(?<!t\.)(" + "|".join(COLUMNS) + r")(?: \|\| '')?\)? (?:=|<>|(?:NOT )?IN) (\('[^)]*\)|'[^']*')"
)


def compared_words(text):
    """Column and word of each comparison in a statement; what is a member of an enum there needs no look."""
    for column, words in COMPARISON.findall(text):
        yield from ((column, word) for word in re.findall(r"'([a-z][a-z -]*)'", words))


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parts[-2] in {"queries", "reads", "db", "invariants", "alarm_sources"}],
    ids=str,
)
def test_statements_compare_columns_with_words_that_these_may_hold(path):
    unknown = [
        (column, word)
        for column, word in compared_words(path.read_text())
        if word not in {str(member) for kind in COLUMNS[column] for member in kind}
    ]

    assert unknown == []


def test_a_word_that_no_column_holds_is_found():
    assert list(compared_words("WHERE b.state = 'runing' AND e.state NOT IN ('done', 'dine')")) == [
        ("state", "runing"),
        ("state", "done"),
        ("state", "dine"),
    ]


def test_every_state_of_a_batch_is_open_or_an_end_and_not_both():
    assert {*states.OPEN_BATCHES, *states.ENDED_BATCHES} == set(BatchState)
    assert len(states.OPEN_BATCHES) + len(states.ENDED_BATCHES) == len(BatchState)


def test_the_model_that_reads_may_say_the_sentiments_that_there_are():
    assert set(get_args(extraction.Sentiment)) == set(states.Sentiment)


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    state: RunState
    evaluation: EvaluationState | None
    push: PushStatus | None = None


def test_a_row_becomes_a_value_whose_states_are_members():
    found = typed(Row, {"id": 1, "state": "failed", "evaluation": None})

    assert found == Row(1, RunState.FAILED, None)
    assert found.state is RunState.FAILED


def test_a_state_that_this_version_does_not_know_is_refused():
    with pytest.raises(ValueError, match="'paused' is not a valid RunState"):
        typed(Row, {"id": 1, "state": "paused", "evaluation": None})


def test_a_column_without_a_field_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'extra'"):
        typed(Row, {"id": 1, "state": "failed", "evaluation": None, "extra": 1})
