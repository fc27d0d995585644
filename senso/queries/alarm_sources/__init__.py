"""What alarms are made from: a file for each kind, with one query over rows that other parts of the product write."""

from senso.queries.alarm_sources import (
    batches,
    blocked,
    breakers,
    ceilings,
    differences,
    restarts,
    schedule,
    silence,
    webhooks,
)
from senso.queries.alarm_sources.base import Event, Looking, Source

__all__ = ["SOURCES", "Event", "Looking", "Source"]

SOURCES: tuple[Source, ...] = (
    silence.SOURCE,
    restarts.SOURCE,
    batches.SOURCE,
    blocked.SOURCE,
    breakers.SOURCE,
    ceilings.SOURCE,
    differences.SOURCE,
    schedule.SOURCE,
    webhooks.SOURCE,
)
