"""How often answers of one pool name each of some competitors, with its interval."""

from collections.abc import Iterable, Sequence

from senso.numbers.intervals import Interval
from senso.numbers.sums import Place, Sums
from senso.score.counts import DRAWN, Counted
from senso.score.facts import Fact
from senso.score.lists import distinct
from senso.score.metrics import intervals, summed


def namings(facts: Iterable[Fact], names: Sequence[str]) -> list[Counted]:
    """A row for each answer: for each name 1 if the answer has it in any case, else 0; then a denominator of 1.

    `naming_places` gives the columns.
    """
    keys = [name.casefold() for name in names]
    named = ((fact, distinct(fact.competitors)) for fact in facts)
    return [Counted(fact, [*(int(key in there) for key in keys), 1]) for fact, there in named]


def naming_places(names: Sequence[str]) -> list[Place]:
    return [(at, len(names)) for at in range(len(names))]


def naming_intervals(facts: Iterable[Fact], names: Sequence[str]) -> list[Interval]:
    """As those of a mention rate: of questions like these."""
    found, places = namings(facts, names), naming_places(names)
    of_names = zip(Sums.of_table(summed(found), places), Sums.of_table([one.row for one in found], places), strict=True)
    return [intervals(DRAWN["mention_rate"], questions, answers)[0] for questions, answers in of_names]
