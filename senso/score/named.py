"""How often answers of one pool name each of some competitors, with its interval."""

from collections.abc import Iterable, Sequence

from senso.numbers.intervals import Interval
from senso.numbers.sums import Sums
from senso.score.counts import DRAWN, Counted
from senso.score.facts import Fact
from senso.score.lists import distinct
from senso.score.metrics import columns, intervals, summed


def namings(facts: Iterable[Fact], names: Sequence[str]) -> list[Counted]:
    """For each name 1 of 1 where the answer names it, in whatever capitals, else 0 of 1."""
    keys = [name.casefold() for name in names]
    named = ((fact, distinct(fact.competitors)) for fact in facts)
    return [Counted(fact, [complex(key in there, 1) for key in keys]) for fact, there in named]


def naming_intervals(facts: Iterable[Fact], names: Sequence[str]) -> list[Interval]:
    """As those of a mention rate: of questions like these."""
    found = namings(facts, names)
    of_names = zip(columns(summed(found)), columns([one.counts for one in found]), strict=True)
    return [
        intervals(DRAWN["mention_rate"], Sums.of_counts(questions), Sums.of_counts(answers))[0]
        for questions, answers in of_names
    ]
