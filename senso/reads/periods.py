"""Which batches of an org a question is about: one, those of a period, or those of two that are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.errors import ConfigError, NotFound
from senso.states import BatchKind

BATCHES = text("""
    SELECT b.id, b.batch_date AS date, b.kind, b.network_id, b.kept IS NOT NULL AS is_pruned,
        coalesce(b.planned, 0) AS planned
    FROM batches b
    WHERE b.org_id = :org AND EXISTS (SELECT FROM metrics m WHERE m.batch_id = b.id)
    ORDER BY b.batch_date, b.kind = 'org', b.id
""")


@dataclass(frozen=True, slots=True)
class Dated:
    """A batch that has numbers. `is_pruned`: its answers were deleted since. `planned`: how many were to be read."""

    id: UUID
    date: date
    kind: BatchKind
    network_id: UUID | None
    is_pruned: bool
    planned: int


def batches(db: Connection, org: UUID) -> list[Dated]:
    """Oldest first; on the same date, the org's own after those of its networks, as in a report."""
    return each(Dated, db.execute(BATCHES, {"org": org}))


@dataclass(frozen=True, slots=True)
class Span:
    """Both days included."""

    since: date
    until: date

    def __str__(self) -> str:
        return str(self.since) if self.since == self.until else f"{self.since} to {self.until}"


@dataclass(frozen=True, slots=True)
class Asked:
    """Two periods to compare, as they were asked for; None: left out."""

    since: date | None
    until: date | None
    before_since: date | None
    before_until: date | None
    network: UUID | None


def of_one_subject(batches: Sequence[Dated], network: UUID | None) -> list[Dated]:
    """Those of the network; without one, those that ask the same as the newest."""
    wanted = [one for one in batches if network in {None, one.network_id}]
    return [one for one in wanted if (one.kind, one.network_id) == (wanted[-1].kind, wanted[-1].network_id)]


def spans(asked: Asked, dates: Sequence[date]) -> tuple[Span, Span]:
    """The later one: by default the newest date. The earlier one: as long, and ending at the last date before it."""
    until = asked.until or dates[-1]
    later = span(asked.since or until, until)
    former = [one for one in dates if one < later.since]
    last = asked.before_until or (former[-1] if former else None)
    if last is None:
        raise NotFound(f"nothing was asked before {later.since}; choose a later first day, or wait for the next batch")
    first = asked.before_since or days_before(last, (later.until - later.since).days)
    earlier = span(first, last)
    if earlier.until >= later.since:
        raise ConfigError(f"the periods {earlier} and {later} overlap; end the first before {later.since}")
    return earlier, later


def days_before(day: date, days: int) -> date:
    """Not before the calendar begins."""
    return date.fromordinal(max(1, day.toordinal() - days))


def span(since: date, until: date) -> Span:
    if since > until:
        raise ConfigError(f"{since} is after {until}; a period begins before it ends")
    return Span(since, until)


def within(batches: Sequence[Dated], period: Span) -> list[Dated]:
    """Raises NotFound if there is none."""
    found = [one for one in batches if period.since <= one.date <= period.until]
    if not found:
        held = f"the oldest is of {batches[0].date}, the newest of {batches[-1].date}"
        raise NotFound(f"no batch with numbers in {period}; {held}")
    return found


def readable(batches: Sequence[Dated], period: Span) -> list[UUID]:
    """Those whose answers are still there. Raises NotFound if there is none."""
    kept = [one.id for one in within(batches, period) if not one.is_pruned]
    if not kept:
        raise NotFound(f"the answers of {period} were pruned; only their numbers are left")
    return kept
