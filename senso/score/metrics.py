"""Numbers of each slice, each with its two intervals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from math import inf
from typing import NamedTuple

from senso.numbers.intervals import Interval
from senso.numbers.repeats import within_repeats
from senso.numbers.sums import Sums
from senso.score.counts import DRAWN, PLACES, Counted, Drawn, Row, counted
from senso.score.facts import Fact, Metric, Slice

RULE_VERSION = "score-3"
LIKE = "like"  # what `low` and `high` are about: questions like these


class Number(NamedTuple):
    """`sums`: over questions."""

    name: str
    sums: Sums
    like: Interval
    these: Interval


def score(facts: Iterable[Fact]) -> list[Metric]:
    """Returns metrics in a fixed order, whatever the order of the facts."""
    answers = counted(facts)
    is_repeated = bool(cells(answers))
    known: dict[tuple[int, ...], list[Number]] = {}  # by answers: slices often have the same, such as those of a tag
    found = []
    for where, members in slices(answers):
        same = tuple(map(id, members))
        if same not in known:
            known[same] = list(numbers(members, cells(members) if is_repeated else []))
        found += [metric(where, len(members), one) for one in known[same]]
    return found


def slices(facts: Iterable[Counted]) -> Iterator[tuple[Slice, list[Counted]]]:
    pools: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    for one in facts:
        pools[str(one.fact.question_kind), str(one.fact.surface)].append(one)
    for (kind, surface), pool in sorted(pools.items()):
        yield Slice(kind, surface), pool
        for model, members in grouped(pool, lambda fact: fact.model):
            yield Slice(kind, surface, model=model), members
        for location, members in grouped(pool, lambda fact: fact.location):
            yield Slice(kind, surface, location=location), members
        for tag, members in tagged(pool):
            yield Slice(kind, surface, tag=tag), members


def tagged(facts: Iterable[Counted]) -> list[tuple[str, list[Counted]]]:
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in facts:
        for tag in one.fact.tags:
            groups[tag].append(one)
    return sorted(groups.items())


def grouped(facts: Iterable[Counted], name: Callable[[Fact], str]) -> list[tuple[str, list[Counted]]]:
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in facts:
        groups[name(one.fact)].append(one)
    return sorted(groups.items())


def numbers(facts: Sequence[Counted], repeated: Sequence[Sequence[Row]]) -> Iterator[Number]:
    """`repeated`: from `cells`."""
    rows, places = summed(facts), list(PLACES.values())
    answers = Sums.of_table([one.row for one in facts], places)
    questions = Sums.of_table(rows, places) if len(rows) < len(facts) else answers
    for (name, drawn), place, of_questions, of_answers in zip(DRAWN.items(), places, questions, answers, strict=True):
        like, these = intervals(drawn, of_questions, of_answers)
        if repeated and of_answers.xx:  # answers that all add 0 differ in nothing
            these = drawn.these(of_answers, within_repeats(repeated, of_answers.ratio, place))
        yield Number(name, of_questions, like, these)


@lru_cache(maxsize=1024)
def intervals(drawn: Drawn, of_questions: Sums, of_answers: Sums) -> tuple[Interval, Interval]:
    """Remembered, because many numbers of a batch are 0 of the same number."""
    once = drawn.these(of_answers, 1.0)
    return drawn.like(of_questions, once.effective_n or inf), once


def summed(facts: Iterable[Counted]) -> list[Row]:
    """A row of each question."""
    asked: dict[str, list[Row]] = defaultdict(list)
    for one in facts:
        asked[one.fact.question_id].append(one.row)
    return [list(map(sum, zip(*rows, strict=True))) if len(rows) > 1 else rows[0] for rows in asked.values()]


def cells(facts: Sequence[Counted]) -> list[list[Row]]:
    """Rows of answers by what was asked of which model where; empty if nothing was asked twice."""
    cells: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for one in facts:
        cells[one.fact.question_id, one.fact.model, one.fact.location].append(one.row)
    return list(cells.values()) if len(cells) < len(facts) else []


def metric(where: Slice, answers: int, number: Number) -> Metric:
    """By position, in the order of its fields: by keyword it takes twice as long, and a batch has a thousand."""
    name, sums, like, these = number
    low, high, effective_n, method = like
    these_low, these_high, _, these_method = these
    return Metric(
        name,
        where.kind,
        where.surface,
        where.model,
        where.location,
        sums.ratio if sums.n else None,
        int(sums.x),
        int(sums.n),
        low,
        high,
        method,
        RULE_VERSION,
        LIKE,
        answers,
        sums.units,
        effective_n,
        these_low,
        these_high,
        these_method,
        where.tag,
    )
