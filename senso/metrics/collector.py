"""Puts a scrape together from what can be read in its time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from senso import redis_access
from senso.db import looking
from senso.limits.standings import Standing, standings
from senso.metrics import families, from_gauges, from_totals
from senso.metrics.looks import Found, Look
from senso.policy import POLICY
from senso.reads import gauges, stops, totals
from senso.reads.gauges import Gauges, Model
from senso.reads.stops import Stops
from senso.reads.totals import Totals
from senso.worker.queues import ALL_QUEUES

TYPE: Final = CONTENT_TYPE_LATEST
# A scrape answers within a second, whatever does not.
SECONDS: Final = 0.8


@dataclass(frozen=True, slots=True)
class Rows:
    gauges: Gauges
    totals: Totals
    stops: Stops


@dataclass(frozen=True, slots=True)
class Messages:
    waiting: dict[str, int]
    unacknowledged: int
    standings: Sequence[Standing]


class Senso(Collector):
    """One scrape at a time. `ceiling_dollars`: of the cost of a day, None without one."""

    def __init__(self, ceiling_dollars: Callable[[], float | None] = lambda: None, seconds: float = SECONDS) -> None:
        self.ceiling_dollars, self.seconds = ceiling_dollars, seconds
        self.models: Sequence[Model] = ()
        self.postgres = Look("postgres", self.read_rows)
        self.redis = Look("redis", self.read_messages)

    def describe(self) -> list[Metric]:
        return list(families.empty().values())

    def collect(self) -> list[Metric]:
        until = time.monotonic() + self.seconds
        begun = self.postgres.start(), self.redis.start()
        found = families.empty()
        rows, messages = self.postgres.within(begun[0], until), self.redis.within(begun[1], until)
        self.tell_part(found, "postgres", rows)
        self.tell_part(found, "redis", messages)
        if rows is not None and rows.value is not None:
            from_gauges.tell(found, rows.value.gauges)
            from_gauges.tell_stops(found, rows.value.stops)
            from_totals.tell(found, rows.value.totals)
        if messages is not None and messages.value is not None:
            from_gauges.tell_messages(found, messages.value.waiting, messages.value.unacknowledged)
            from_gauges.tell_limits(found, messages.value.standings)
        families.add(found, "senso_cost_ceiling_dollars", self.ceiling_dollars())
        return list(found.values())

    def tell_part(self, found: dict[str, Metric], part: str, read: Found[Rows] | Found[Messages] | None) -> None:
        families.add(found, "senso_up", int(read is not None and read.value is not None), part=part)
        families.add(found, "senso_look_seconds", self.seconds if read is None else read.seconds, part=part)

    def read_rows(self) -> Rows:
        with looking() as db:
            found = Rows(gauges.gauges(db, POLICY), totals.totals(db), stops.stops(db))
        self.models = found.gauges.models
        return found

    def read_messages(self) -> Messages:
        """Limits stand in Redis, so they are told while Postgres is away: of the models that were there before."""
        known = [(one.provider, one.name) for one in self.models]
        return Messages(*redis_access.messages(ALL_QUEUES), standings(known))


def text(collector: Senso) -> bytes:
    """In the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
