"""Who else is named and what is cited in answers of an org's batches, counted in each pool; and how they are chosen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from senso.errors import ConfigError, NotFound
from senso.queries.competitors import Register
from senso.queries.results import Found
from senso.reads import history, periods
from senso.reads.history import CitedURL, Read
from senso.reads.periods import Dated
from senso.score import CitedDomain, CompetitorCount, Fact
from senso.states import Category, QuestionKind, Surface

# So many are read within the time that a request has.
MOST_ANSWERS = 10_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which batches: one, or those of a period that ask the same as its newest, or as the network; None: left out."""

    batch: UUID | None = None
    since: date | None = None
    until: date | None = None
    network: UUID | None = None


def batches(db: Connection, org: UUID, chosen: Chosen) -> list[Dated]:
    """Oldest first; without a period, the newest batch alone. Raises NotFound if none has numbers, and ConfigError."""
    found = periods.batches(db, org)
    if chosen.batch is not None:
        found = [one for one in found if one.id == chosen.batch]
    if not found:
        raise NotFound("no batch with numbers yet")
    if chosen.since is not None or chosen.until is not None:
        found = periods.within(found, periods.span(chosen.since or found[0].date, chosen.until or found[-1].date))
    same = periods.of_one_subject(found, chosen.network)
    if not same:
        raise NotFound("no batch of this network with numbers of the organisation")
    return same if chosen.since is not None or chosen.until is not None else same[-1:]


def readable(found: Sequence[Dated]) -> list[UUID]:
    """Raises NotFound if all were pruned, ConfigError if they have too many answers to be read at once."""
    kept = [one for one in found if not one.is_pruned]
    if not kept:
        raise NotFound("the answers were pruned; only their numbers are left")
    if (answers := sum(one.planned for one in kept)) > MOST_ANSWERS:
        raise ConfigError(f"{answers} answers are more than {MOST_ANSWERS} at once; choose a shorter period")
    return [one.id for one in kept]


@dataclass(frozen=True, slots=True)
class Part:
    """Of all answers; None: of all kinds, surfaces, models, locations, questions."""

    kind: QuestionKind | None = None
    surface: Surface | None = None
    model: str | None = None
    location: str | None = None
    tag: str | None = None

    def has(self, one: Found | Fact) -> bool:
        return self.tag in {None, *one.tags} and all(wanted in {None, value} for wanted, value in self.pairs(one))

    def pairs(self, one: Found | Fact) -> Iterator[tuple[str | None, str]]:
        yield self.kind, one.question_kind
        yield self.surface, one.surface
        yield self.model, one.model
        yield self.location, one.location


@dataclass(frozen=True, slots=True)
class Named:
    """A competitor in a pool. `answers`: that name it; `of`: all that were read."""

    kind: QuestionKind
    surface: Surface
    name: str
    answers: int
    of: int


@dataclass(frozen=True, slots=True)
class Cited:
    """A domain in a pool. `answers`: that cite it; `of`: all that were read."""

    kind: QuestionKind
    surface: Surface
    domain: str
    type: str
    category: Category
    answers: int
    of: int


@dataclass(frozen=True, slots=True)
class CitedPage:
    """A page in a pool. `title`: as the first answer that cites it has it. `answers`: that cite it, of `of`."""

    kind: QuestionKind
    surface: Surface
    url: str
    title: str | None
    category: Category
    answers: int
    of: int


def competitors(db: Connection, org: UUID, chosen: Sequence[UUID], part: Part) -> list[Named]:
    """By pool, the most named first."""
    return [
        Named(*pool, name=one.name, answers=one.answers, of=of)
        for pool, one, of in counted(db, org, chosen, part, history.named_by)
    ]


def citations(db: Connection, org: UUID, chosen: Sequence[UUID], part: Part, *, of_others: bool = False) -> list[Cited]:
    """By pool, the most cited first. `of_others`: of answers that name a competitor on file, and not the org."""
    return [
        Cited(*pool, domain=one.domain, type=one.type, category=one.category, answers=one.answers, of=of)
        for pool, one, of in counted(db, org, chosen, part, history.cited_by, of_others=of_others)
    ]


def pages(db: Connection, org: UUID, chosen: Sequence[UUID], part: Part, *, of_others: bool = False) -> list[CitedPage]:
    """By pool, the most cited first. `of_others`: as of `citations`."""
    return [
        CitedPage(*pool, url=one.url, title=one.title, category=one.category, answers=one.answers, of=of)
        for pool, one, of in counted(db, org, chosen, part, history.pages_by, of_others=of_others)
    ]


Pool = tuple[QuestionKind, Surface]


T = TypeVar("T", CompetitorCount, CitedDomain, CitedURL)


def counted(
    db: Connection,
    org: UUID,
    chosen: Sequence[UUID],
    part: Part,
    count: Callable[[Sequence[Found], Read], list[T]],
    *,
    of_others: bool = False,
) -> Iterator[tuple[Pool, T, int]]:
    of = history.read(db, chosen, org)
    for pool, found in of.pools.items():
        members = [one for one in found if part.has(one) and (not of_others or is_of_others(one, of.known))]
        yield from ((pool, one, len(members)) for one in count(members, of))


def is_of_others(one: Found, known: Register) -> bool:
    """Whether an answer names a competitor on file, and not the org."""
    return not one.mentioned and any(name in known.tracked for name in known.named(one.competitors))
