"""Who else is named: shares with their intervals, ranks, and what has changed since the period before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from senso.comparison import Change, Period, compared_namings
from senso.numbers.intervals import NOTHING, Interval
from senso.reads.findings import Part
from senso.score import Fact, leaderboard, naming_intervals

# Each further name makes the verdicts of all less certain; behind these they are rare.
MOST_COMPARED = 30
MOST_INTERVALS = 100


@dataclass(frozen=True, slots=True)
class Leader:
    """A competitor, or the org itself. Equal counts share a rank. `change`: None where it was not compared."""

    rank: int
    name: str
    answers: int
    of: int
    is_own: bool
    interval: Interval
    change: Change | None

    @property
    def share(self) -> float:
        return self.answers / self.of


def leaders(own: str, now: Period, before: Period | None, part: Part) -> list[Leader]:
    """Of one pool, or of a model or a place in it. The org is counted as a competitor of its own name is."""
    facts = [with_own(own, one) for one in now.facts if part.has(one)]
    if not facts:
        return []
    counts = [(one.name, one.answers) for one in leaderboard(facts)]
    if own not in dict(counts):
        counts.append((own, 0))
    names = [name for name, _ in counts]
    intervals = dict(zip(names, naming_intervals(facts, names[:MOST_INTERVALS]), strict=False))
    changes = compared(own, replace(now, facts=facts), before, part, names[:MOST_COMPARED])
    return [
        Leader(
            rank=1 + sum(other > answers for _, other in counts),
            name=name,
            answers=answers,
            of=len(facts),
            is_own=name == own,
            interval=intervals.get(name, NOTHING),
            change=changes.get(name),
        )
        for name, answers in counts
    ]


def with_own(own: str, fact: Fact) -> Fact:
    return replace(fact, competitors=(*fact.competitors, own)) if fact.mentioned else fact


def compared(own: str, now: Period, before: Period | None, part: Part, names: Sequence[str]) -> dict[str, Change]:
    was = [with_own(own, one) for one in before.facts if part.has(one)] if before else []
    if not was or before is None:
        return {}
    return {one.name: one for one in compared_namings(replace(before, facts=was), now, names)}
