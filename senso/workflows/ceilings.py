"""Ceilings on what a day costs: a claim takes what still fits, and a ceiling that does not let it stops all others.

Without a ceiling a claim asks nothing of Postgres: whether a partner has one is looked up every few seconds.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from senso import supplied
from senso.db import Link, at_once, transaction
from senso.log import logger
from senso.prices import assumed_usage, cost_microusd
from senso.queries import ceilings, stops
from senso.queries.ceilings import Candidate, Means, Standing
from senso.queries.stops import Scope
from senso.states import StopScope
from senso.workflows import reading_models

log = logger(__name__)
LOOK_SECONDS = 5
MEANS_SECONDS = 60


@dataclass
class Known:
    """Of this process, each with when (monotonic) it is looked up again."""

    has_partners: bool = False
    look_at: float = 0.0
    means: Means = field(default_factory=dict)
    means_at: float = 0.0

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


known = Known()


def in_effect(db: Link | None = None) -> bool:
    """Whether there is a ceiling of any kind. That of a partner is known after a few seconds.

    `db`: the caller's connection, if it holds one: waiting for a second one could keep all others waiting.
    """
    if supplied.max_daily_cost() is not None:
        return True
    began = time.monotonic()
    if began >= known.look_at:
        known.has_partners = look_up() if db is None else ceilings.any_of_partners(db)
        known.look_at = began + LOOK_SECONDS
    return known.has_partners


def look_up() -> bool:
    with at_once() as db:
        return ceilings.any_of_partners(db)


def means(db: Link) -> Means:
    if time.monotonic() >= known.means_at:
        known.means = ceilings.means(db)
        known.means_at = time.monotonic() + MEANS_SECONDS
    return known.means


def estimate(one: Candidate, recent: Means) -> int:
    """Micro-dollars of one call: the mean of the latest ones, else by the price. Without a price it counts nothing."""
    found = recent.get((one.purpose, one.provider, one.model))
    if found is not None:
        return found
    return cost_microusd(one.price, assumed_usage(one.purpose, one.price, by_job=one.by_job)) or 0


@dataclass
class Room:
    """What still fits today. `spent` grows with each claim; `refused`: the first estimate that did not fit."""

    standings: dict[UUID | None, Standing]
    recent: Means
    spent: dict[UUID | None, int]
    refused: dict[UUID | None, int] = field(default_factory=dict)

    def take(self, one: Candidate) -> int | None:
        """The estimate of each of its calls, which is counted from here on; None if they do not fit."""
        each = estimate(one, self.recent)
        payers = [payer for payer in dict.fromkeys((None, one.partner_id)) if payer in self.standings]
        for payer in payers:
            if not self.fits(payer, each * one.calls):
                self.refused.setdefault(payer, each * one.calls)
                return None
        for payer in payers:
            self.spent[payer] += each * one.calls
        return each

    def is_beyond(self, one: Candidate) -> bool:
        """Whether its calls together would not fit on a day that begins with nothing spent."""
        wanted = estimate(one, self.recent) * one.calls
        ceilings_of = (self.standings[payer].ceiling for payer in (None, one.partner_id) if payer in self.standings)
        return any(ceiling is not None and wanted > ceiling for ceiling in ceilings_of)

    def fits(self, payer: UUID | None, wanted: int) -> bool:
        """Once something was refused, nothing else of that payer fits either: others may have waited longer."""
        ceiling = self.standings[payer].ceiling
        return ceiling is None or (payer not in self.refused and self.spent[payer] + wanted <= ceiling)


@contextmanager
def room(db: Link) -> Iterator[Room]:
    """Under the lock that all claims under a ceiling take. Stops what did not fit: after the claims of the block."""
    found = {one.partner_id: one for one in ceilings.standing(db, supplied.max_daily_cost())}
    made = Room(found, means(db), {one: each.microusd for one, each in found.items()})
    yield made
    for payer, wanted in made.refused.items():
        standing = Standing(payer, made.spent[payer], found[payer].ceiling)
        if ceilings.reached(db, standing, wanted):
            log.error("a ceiling of cost is reached", partner=payer and str(payer), microusd=standing.microusd)


def fitting(left: Room, found: Iterable[Candidate]) -> dict[UUID, int]:
    """The estimate of a call of each candidate that fits. Of candidates with the same id all must fit."""
    taken: dict[UUID, int] = {}
    refused: set[UUID] = set()
    for one in found:
        each = None if one.id in refused else left.take(one)
        if each is None:
            refused.add(one.id)
            taken.pop(one.id, None)
        else:
            taken[one.id] = each
    return taken


def lift_all(ceiling: int | None) -> None:
    """Ends the stops whose day is over, or whose ceiling lets their call pass; what they held goes on."""
    with transaction() as db:
        open_stops = ceilings.open_stops(db)
        if not open_stops:
            return
        standings = {one.partner_id: one for one in ceilings.standing(db, ceiling)}
        for one in open_stops:
            if (one.is_over or has_room(standings.get(one.partner_id), one.wanted_microusd)) and ceilings.lift(db, one):
                payer = one.partner_id
                ended = Scope(StopScope.ALL) if payer is None else Scope(StopScope.PARTNER, str(payer))
                freed = stops.free(db, ended, reading_models.readers_if_right(db))
                log.warning("a ceiling of cost lets work go on", partner=payer and str(payer), freed=freed)


def has_room(standing: Standing | None, wanted: int) -> bool:
    """With some to spare, so that it does not stop and go on for each call that costs less than was estimated."""
    if standing is None or standing.ceiling is None:
        return True
    return standing.ceiling - standing.microusd >= max(wanted, standing.ceiling // 100)


def adopt() -> None:
    """Counts calls that were claimed by a process that did not know of the ceiling."""
    if in_effect():
        with transaction() as db:
            ceilings.adopt(db)
