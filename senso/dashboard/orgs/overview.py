"""The page of an organisation: what is known of it, and its numbers of one batch.

What is read from the answers themselves takes long where there are many: then the page comes without it, and asks for
it as parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from senso.api import seen
from senso.api.access import Caller
from senso.api.routes.numbers import Parts
from senso.dashboard.orgs import chosen as choosing
from senso.dashboard.orgs.chosen import DETAILS, MOST_NUMBERS, About, Numbers, Pool
from senso.dashboard.orgs.leaders import Leader, leaders
from senso.dashboard.orgs.links import Links
from senso.dashboard.orgs.place_maps import PlaceMap, place_map
from senso.dashboard.orgs.words import now
from senso.db import Connection
from senso.errors import NotFound
from senso.queries import claims
from senso.reads import (
    cells,
    claim_pages,
    comparisons,
    directory,
    findings,
    history,
    metric_pages,
    schedules,
    waiting_names,
)
from senso.reads.claim_pages import Claim
from senso.reads.comparisons import Comparison
from senso.reads.directory import Org
from senso.reads.findings import Chosen, Cited, Part
from senso.reads.metric_pages import Filter
from senso.reads.periods import Asked, Dated
from senso.reads.schedules import Schedule
from senso.reports.basis import Basis, cautions
from senso.score import Claimed, Metric, Slice
from senso.states import QuestionKind, Surface, Verdict

# With more answers in both periods, their parts of the page are asked for when it is there.
AT_ONCE = 400
MOST_DATES = 26  # half a year of weeks
MOST_CHOICES = 52
MOST_TOLD = 5
MOST_CLAIMS = 3
TRENDS = ("mention_rate", "share_of_voice")
BROKEN_DOWN = ("mention_rate",)


@dataclass(frozen=True, slots=True)
class Head:
    """`waiting`: names that wait for a decision."""

    org: Org
    schedule: Schedule
    waiting: int


@dataclass(frozen=True, slots=True)
class Trend:
    """`points`: as `parts.trend` takes them. `other_rules`: dates from which on it was counted by another rule."""

    name: str
    points: Sequence[tuple[date, float | None, float | None, float | None]]
    other_rules: Sequence[date]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is read from the answers of a batch: who else is named, and what is cited."""

    leaders: Sequence[Leader]
    sources: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Told:
    """The numbers of one batch. `numbers`: of the slice that is chosen. `breakdown`: mention rates by part."""

    about: About
    cautions: Sequence[str]
    pools: Mapping[Pool, Numbers]
    where: Slice | None
    numbers: Numbers
    trends: Sequence[Trend]
    breakdown: Mapping[str, Sequence[Metric]]
    map: PlaceMap | None
    claimed: Claimed
    contradicted: Sequence[Claim]
    comparison: Comparison | None
    answers: Answers | None

    @property
    def choices(self) -> list[Dated]:
        """The newest batches, to choose among."""
        return list(reversed(self.about.all[-MOST_CHOICES:]))

    @property
    def is_small(self) -> bool:
        return is_small(self.about)


@dataclass(frozen=True, slots=True)
class Overview:
    """`told`: None where no batch has numbers yet."""

    head: Head
    links: Links
    told: Told | None


def head(db: Connection, caller: Caller, org: UUID) -> Head:
    """Raises Problem."""
    seen.require_org(db, caller, org)
    found, schedule = directory.org(db, org), schedules.of_org(db, org, now())
    assert found is not None and schedule is not None  # noqa: S101, PT018  it has just been seen, and no org is deleted
    return Head(found, schedule, waiting_names.of_org(db, org))


def overview(caller: Caller, org: UUID, chosen: Chosen, of: Parts, db: Connection) -> Overview:
    """Raises Problem and NotFound."""
    choosing.require_one_detail(of)
    found = head(db, caller, org)
    about = choosing.about(db, org, chosen)
    if about is None:
        return Overview(found, Links(org), None)
    links = Links(org, None if about.is_newest else about.batch.id)
    return Overview(found, links, told(db, found.org, about, of))


def told(db: Connection, org: Org, about: About, of: Parts) -> Told:
    pools = choosing.pools(db, about.batch)
    pool = choosing.pool_of(of, list(pools))
    where = None if pool is None else choosing.slice_of(of, pool)
    numbers = numbers_of(db, about.batch, where)
    is_read = bool(numbers) and not about.batch.is_pruned
    claimed = claims.counts(db, org.id, [about.batch.id]).get(about.batch.id, Claimed()) if is_read else Claimed()
    comparison = compared(db, org.id, about) if is_read and is_small(about) and about.before else None
    return Told(
        about=about,
        cautions=cautions(history.bases(db, [about.batch.id]).get(about.batch.id, Basis())),
        pools=pools,
        where=where if numbers else None,
        numbers=numbers,
        trends=trends(db, about, where) if where and numbers else [],
        breakdown=breakdown(db, about.batch, pool) if pool and numbers else {},
        map=place_map(cells.cells(db, about.batch.id, org.id, *pool)) if pool and is_read else None,
        claimed=claimed,
        contradicted=contradicted(db, org.id, about.batch) if claimed.contradicted.claims else [],
        comparison=comparison,
        answers=answers(db, org, about, where, comparison) if where and is_read and is_small(about) else None,
    )


def is_small(about: About) -> bool:
    return about.batch.planned + (about.before.planned if about.before else 0) <= AT_ONCE


def numbers_of(db: Connection, batch: Dated, where: Slice | None) -> Numbers:
    found = choosing.numbers_of(db, [batch], where) if where else []
    return {one.metric.name: one.metric for one in found}


def trends(db: Connection, about: About, where: Slice) -> list[Trend]:
    """Empty with one date alone: a line needs two."""
    shown = about.same[-MOST_DATES:]
    found = choosing.numbers_of(db, shown, where, TRENDS)
    if len({one.date for one in found}) <= 1:
        return []
    return [trend(name, [(one.date, one.metric) for one in found if one.metric.name == name]) for name in TRENDS]


def trend(name: str, dated: Sequence[tuple[date, Metric]]) -> Trend:
    """The line ends where the rule of counting changed: before and after cannot be compared."""
    points: list[tuple[date, float | None, float | None, float | None]] = []
    changed, last = [], None
    for day, metric in dated:
        if last is not None and metric.rule_version != last.rule_version:
            changed.append(day)
            points.append((day, None, None, None))
        points.append((day, metric.value, metric.low, metric.high))
        last = metric
    return Trend(name, points, changed)


def breakdown(db: Connection, batch: Dated, pool: Pool) -> dict[str, list[Metric]]:
    """Mention rates by model, place and tag, of a pool."""
    filtered = Filter(BROKEN_DOWN, {"kind": pool[0], "surface": pool[1]})
    found = [one.metric for one in metric_pages.page(db, [batch], filtered, after=0, most=MOST_NUMBERS)]
    by = {detail: [one for one in found if getattr(one, detail) is not None] for detail in DETAILS}
    return {detail: some for detail, some in by.items() if some}


def contradicted(db: Connection, org: UUID, batch: Dated) -> list[Claim]:
    return claim_pages.page(db, org, [batch.id], verdict=Verdict.CONTRADICTED, most=MOST_CLAIMS)


def compared(db: Connection, org: UUID, about: About) -> Comparison | None:
    """With the last date before; None where those answers are gone, or there are none. Raises ConfigError."""
    before = about.before
    if before is None or before.is_pruned or about.batch.is_pruned:
        return None
    findings.readable([before, about.batch])
    day = about.batch.date
    return comparisons.compare(db, org, about.same, Asked(day, day, None, None, about.batch.network_id))


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


def part_of_page(
    caller: Caller, org: UUID, chosen: Chosen, of: Parts, db: Connection
) -> tuple[Org, About, Slice, Comparison | None, Answers]:
    """What a large page comes without. Raises Problem, NotFound and ConfigError."""
    choosing.require_one_detail(of)
    found = head(db, caller, org).org
    about = choosing.require(choosing.about(db, org, chosen))
    pools = choosing.pools(db, about.batch)
    pool = choosing.pool_of(of, list(pools))
    if pool is None:
        raise NotFound("this batch has no such answers")
    comparison = compared(db, org, about)
    where = choosing.slice_of(of, pool)
    return found, about, where, comparison, answers(db, found, about, where, comparison)
