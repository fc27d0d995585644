"""Which batch, and which slice of its answers, an address is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.api import well_asked
from senso.api.problems import invalid
from senso.api.routes.numbers import Parts
from senso.db import Connection
from senso.errors import NotFound
from senso.reads import findings, metric_pages, periods
from senso.reads.findings import Chosen
from senso.reads.metric_pages import Filter
from senso.reads.periods import Dated
from senso.reports.content import ORDER
from senso.score import Metric, Slice
from senso.states import QuestionKind, Surface

MOST_NUMBERS = 2000
Pool = tuple[QuestionKind, Surface]
Numbers = Mapping[str, Metric]
DETAILS = ("model", "location", "tag")


@dataclass(frozen=True, slots=True)
class About:
    """`all`: the org's batches with numbers, oldest first; `same`: those that ask the same as `batch`, up to it."""

    all: Sequence[Dated]
    batch: Dated
    same: Sequence[Dated]

    @property
    def before(self) -> Dated | None:
        """The last one of an earlier date."""
        return next((one for one in reversed(self.same) if one.date < self.batch.date), None)

    @property
    def is_newest(self) -> bool:
        return self.batch.id == self.all[-1].id


def about(db: Connection, org: UUID, chosen: Chosen) -> About | None:
    """None: no batch has numbers yet. Raises NotFound for a choice that has none, and Problem."""
    found = periods.batches(db, org)
    if not found:
        return None
    with well_asked.query():
        batch = findings.batches(db, org, chosen)[-1]
    same = [one for one in found if (one.kind, one.network_id) == (batch.kind, batch.network_id)]
    return About(found, batch, [one for one in same if one.date <= batch.date])


def require(found: About | None) -> About:
    if found is None:
        raise NotFound("no batch with numbers yet")
    return found


def pools(db: Connection, batch: Dated) -> dict[Pool, Numbers]:
    """The numbers of each pool over all its models, places and questions, in the order of reading."""
    whole = metric_pages.page(db, [batch], Filter(whole=True), after=0, most=MOST_NUMBERS)
    named: dict[tuple[str, str], dict[str, Metric]] = {}
    for one in whole:
        named.setdefault((one.metric.kind, one.metric.surface), {})[one.metric.name] = one.metric
    return {pool: named[pool] for pool in ORDER if pool in named}


def require_one_detail(of: Parts) -> None:
    """Numbers are by a model, a place or a tag. Raises Problem."""
    given = [name for name in DETAILS if getattr(of, name) is not None]
    if len(given) > 1:
        raise invalid([(f"query.{given[1]}", f"goes not with {given[0]}: numbers are by one of them")])


@dataclass(frozen=True, slots=True)
class Sliced:
    """A slice of a batch that has numbers, with them by name."""

    pool: Pool
    where: Slice
    numbers: Numbers


def sliced(db: Connection, batch: Dated, of: Parts, there: Sequence[Pool]) -> Sliced | None:
    """In the first pool that fits what is asked and has such a model, place or tag; None if none has."""
    for pool in there:
        if of.kind in {None, pool[0]} and of.surface in {None, pool[1]}:
            where = Slice(*pool, of.model, of.location, of.tag)
            found = {one.metric.name: one.metric for one in numbers_of(db, [batch], where)}
            if found:
                return Sliced(pool, where, found)
    return None


def numbers_of(
    db: Connection, batches: Sequence[Dated], where: Slice, names: Sequence[str] | None = None
) -> list[metric_pages.Numbered]:
    """Of one slice, in the order of the batches."""
    parts = {name: getattr(where, name) for name in metric_pages.PARTS}
    is_whole = not any(parts[name] for name in DETAILS)
    return metric_pages.page(db, batches, Filter(names, parts, is_whole), after=0, most=MOST_NUMBERS)
