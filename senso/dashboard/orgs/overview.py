"""The page of an organisation: what is known of it, and its numbers of one batch.

What is read from the answers themselves is in `answers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from senso.api.access import Caller
from senso.api.routes.numbers import Parts
from senso.dashboard.orgs import chosen as choosing
from senso.dashboard.orgs.answers import Answers, answers, compared, is_small, not_compared
from senso.dashboard.orgs.chosen import DETAILS, MOST_NUMBERS, About, Numbers, Pool
from senso.dashboard.orgs.heads import Head, head
from senso.dashboard.orgs.links import Links
from senso.dashboard.orgs.place_maps import PlaceMap, place_map
from senso.db import Connection
from senso.queries import claims
from senso.reads import cells, claim_pages, history, metric_pages
from senso.reads.claim_pages import Claim
from senso.reads.comparisons import Comparison
from senso.reads.directory import Org
from senso.reads.findings import Chosen
from senso.reads.metric_pages import Filter
from senso.reads.periods import Dated
from senso.reports.basis import Basis, cautions
from senso.score import Claimed, Metric, Slice
from senso.states import Verdict

MOST_DATES = 26  # half a year of weeks
MOST_CHOICES = 52
MOST_CLAIMS = 3
TRENDS = ("mention_rate", "share_of_voice")
BROKEN_DOWN = ("mention_rate",)


@dataclass(frozen=True, slots=True)
class Trend:
    """`points`: as `parts.trend` takes them. `other_rules`: dates from which on it was counted by another rule."""

    name: str
    points: Sequence[tuple[date, float | None, float | None, float | None]]
    other_rules: Sequence[date]


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
    def not_compared(self) -> str:
        return not_compared(self.about)


@dataclass(frozen=True, slots=True)
class Overview:
    """`told`: None where no batch has numbers yet."""

    head: Head
    links: Links
    told: Told | None


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
    batch, pools = about.batch, choosing.pools(db, about.batch)
    found = choosing.sliced(db, batch, of, list(pools))
    is_read = found is not None and not batch.is_pruned
    claimed = claims.counts(db, org.id, [batch.id]).get(batch.id, Claimed()) if is_read else Claimed()
    at_once = is_read and is_small(about)
    comparison = compared(db, org.id, about) if at_once else None
    return Told(
        about=about,
        cautions=cautions(history.bases(db, [batch.id]).get(batch.id, Basis())),
        pools=pools,
        where=found.where if found else None,
        numbers=found.numbers if found else {},
        trends=trends(db, about, found.where) if found else [],
        breakdown=breakdown(db, batch, found.pool) if found else {},
        map=place_map(cells.cells(db, batch.id, org.id, *found.pool)) if found and is_read else None,
        claimed=claimed,
        contradicted=contradicted(db, org.id, batch) if claimed.contradicted.claims else [],
        comparison=comparison,
        answers=answers(db, org, about, found.where, comparison) if found and at_once else None,
    )


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
