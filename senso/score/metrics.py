"""Numbers of each slice, each with its two intervals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from math import inf

from senso.numbers.intervals import Interval
from senso.numbers.repeats import within_repeats
from senso.numbers.sums import Sums
from senso.score.counts import DRAWN, Counted, Drawn, counted
from senso.score.facts import Fact, Metric, Slice

RULE_VERSION = "score-3"
LIKE = "like"  # what `low` and `high` are about: questions like these
Pair = tuple[float, float]


def score(facts: Iterable[Fact]) -> list[Metric]:
    """Returns metrics in a fixed order, whatever the order of the facts."""
    sums = cache(Sums.of_counts)  # many numbers of a batch are made of the same counts
    return [metric for where, members in slices(counted(facts)) for metric in measured(where, members, sums)]


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


def measured(where: Slice, facts: Sequence[Counted], sums: Callable[[tuple[complex, ...]], Sums]) -> Iterator[Metric]:
    questions, answers = columns(summed(facts)), columns([one.counts for one in facts])
    repeated = cells(facts)
    for at, (name, drawn) in enumerate(DRAWN.items()):
        of_questions, of_answers = sums(questions[at]), sums(answers[at])
        found = intervals(drawn, of_questions, of_answers)
        if repeated and of_answers.n:
            found = found[0], drawn.these(of_answers, kept(repeated, at, of_answers.ratio))
        yield metric(name, where, len(facts), of_questions, found)


def columns(counts: Sequence[Sequence[complex]]) -> list[tuple[complex, ...]]:
    return list(zip(*counts, strict=True))


@lru_cache(maxsize=1024)
def intervals(drawn: Drawn, of_questions: Sums, of_answers: Sums) -> tuple[Interval, Interval]:
    """Remembered, because many numbers of a batch are 0 of the same number."""
    once = drawn.these(of_answers, 1.0)
    return drawn.like(of_questions, once.effective_n or inf), once


def kept(cells: Sequence[Sequence[Counted]], at: int, ratio: float) -> float:
    return within_repeats(([pair(one.counts[at]) for one in cell] for cell in cells), ratio)


def summed(facts: Sequence[Counted]) -> list[list[complex]]:
    """Of each question."""
    groups = grouped(facts, lambda fact: fact.question_id)
    return [list(map(sum, columns([one.counts for one in members]))) for _, members in groups]


def cells(facts: Sequence[Counted]) -> list[list[Counted]]:
    """Answers by what was asked of which model where; empty if nothing was asked twice."""
    cells: dict[tuple[str, str, str], list[Counted]] = defaultdict(list)
    for one in facts:
        cells[one.fact.question_id, one.fact.model, one.fact.location].append(one)
    return list(cells.values()) if len(cells) < len(facts) else []


def metric(name: str, where: Slice, answers: int, sums: Sums, intervals: tuple[Interval, Interval]) -> Metric:
    like, these = intervals
    return Metric(
        name=name,
        kind=where.kind,
        surface=where.surface,
        model=where.model,
        location=where.location,
        tag=where.tag,
        value=sums.ratio if sums.n else None,
        numerator=int(sums.x),
        denominator=int(sums.n),
        low=like.low,
        high=like.high,
        method=like.method,
        rule_version=RULE_VERSION,
        about=LIKE,
        answers=answers,
        questions=sums.units,
        effective_n=like.effective_n,
        these_low=these.low,
        these_high=these.high,
        these_method=these.method,
    )


def pair(count: complex) -> Pair:
    return count.real, count.imag
