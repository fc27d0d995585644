"""What is read from the answers of a batch: what has changed, who else is named, what is cited.

That takes long where there are many: then the page of the organisation asks for it as parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.api.access import Caller
from senso.api.routes.numbers import Parts
from senso.dashboard.orgs import chosen as choosing
from senso.dashboard.orgs.chosen import About
from senso.dashboard.orgs.heads import head
from senso.dashboard.orgs.leaders import Leader, leaders
from senso.db import Connection
from senso.errors import NotFound
from senso.reads import comparisons, findings
from senso.reads.comparisons import Comparison
from senso.reads.directory import Org
from senso.reads.findings import Chosen, Cited, Part
from senso.reads.periods import Asked
from senso.score import Slice
from senso.states import QuestionKind, Surface

# With more answers in both periods, their parts of the page are asked for when it is there.
AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Answers:
    """What is read from the answers of a batch: who else is named, and what is cited."""

    leaders: Sequence[Leader]
    sources: Sequence[Cited]


def is_small(about: About) -> bool:
    return about.batch.planned + (about.before.planned if about.before else 0) <= AT_ONCE


def compared(db: Connection, org: UUID, about: About) -> Comparison | None:
    """With the last date before; None where `not_compared` says why not."""
    if not_compared(about):
        return None
    day = about.batch.date
    return comparisons.compare(db, org, about.same, Asked(day, day, None, None, about.batch.network_id))


def not_compared(about: About) -> str:
    """Why there is nothing to compare with; empty if there is."""
    before = about.before
    if before is None:
        day = about.batch.date
        return f"There is nothing to compare with yet: these questions were asked on {day} for the first time."
    pruned = next((one for one in (before, about.batch) if one.is_pruned), None)
    if pruned is not None:
        return f"There is nothing to compare with: the answers of {pruned.date} were pruned."
    many = before.planned + about.batch.planned
    return (
        f"{many} answers are too many to be compared here: senso compare does." if many > findings.MOST_ANSWERS else ""
    )


def answers(db: Connection, org: Org, about: About, where: Slice, comparison: Comparison | None) -> Answers:
    """Raises ConfigError and NotFound."""
    part = part_of(where)
    chosen = findings.readable([about.batch])
    now_read = comparison.now if comparison else comparisons.read(db, org.id, chosen)
    before = comparison.was.period if comparison else None
    cited = findings.citations(db, org.id, chosen, part)
    return Answers(leaders(org.name, now_read.period, before, part), cited)


def part_of(where: Slice) -> Part:
    return Part(QuestionKind(where.kind), Surface(where.surface), where.model, where.location, where.tag)


@dataclass(frozen=True, slots=True)
class LaterPart:
    """What a large page comes without: a comparison, or what the answers say with it."""

    org: Org
    about: About
    where: Slice | None
    comparison: Comparison | None
    answers: Answers | None


def changes_part(caller: Caller, org: UUID, chosen: Chosen, _of: Parts, db: Connection) -> LaterPart:
    """Raises Problem and NotFound."""
    found = head(db, caller, org).org
    about = choosing.require(choosing.about(db, org, chosen))
    return LaterPart(found, about, None, compared(db, org, about), None)


def answers_part(caller: Caller, org: UUID, chosen: Chosen, of: Parts, db: Connection) -> LaterPart:
    """Raises Problem, NotFound and ConfigError."""
    choosing.require_one_detail(of)
    found = head(db, caller, org).org
    about = choosing.require(choosing.about(db, org, chosen))
    slice_ = choosing.sliced(db, about.batch, of, list(choosing.pools(db, about.batch)))
    if slice_ is None:
        raise NotFound("this batch has no such answers")
    comparison = compared(db, org, about)
    return LaterPart(found, about, slice_.where, comparison, answers(db, found, about, slice_.where, comparison))
