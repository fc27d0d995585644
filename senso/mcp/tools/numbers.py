"""Numbers, and what has changed."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from senso.api.access import Caller
from senso.api.context import Context
from senso.api.days import Day
from senso.api.models import Page, Shown
from senso.api.paging import decode, page
from senso.api.routes import numbers
from senso.api.shown.numbers import ComparedNumber, ComparedPeriod, MetricOfBatch
from senso.db import Connection
from senso.mcp.arguments import Kind, Names, Network, OfOrg, OfPart, On, Tag
from senso.mcp.tool import reading
from senso.numbers.verdicts import Verdict
from senso.reads import periods
from senso.reads.metric_pages import PARTS, Filter

Slices = Annotated[bool, Field(description="also those of each model, location and tag alone")]


class WhichNumbers(OfPart):
    names: Names = None
    tag: Tag = None
    slices: Slices = False

    @property
    def filter(self) -> Filter:
        parts = {name: getattr(self, name) for name in PARTS}
        is_whole = not self.slices and (self.model or self.location or self.tag) is None
        return Filter(self.names, parts, is_whole)


class WhichChanges(OfOrg):
    since: Annotated[Day | None, Field(description="first date of the later period; null: its last")] = None
    until: Annotated[Day | None, Field(description="its last date, included; null: the newest batch's")] = None
    before_since: Annotated[Day | None, Field(description="first date of the earlier period; null: one as long")] = None
    before_until: Annotated[
        Day | None, Field(description="its last date, included; null: that of the batch before")
    ] = None
    network_id: Network = None
    names: Names = None
    kind: Kind = None
    surface: On = None
    slices: Slices = False
    moved_only: Annotated[bool, Field(description="only those with the verdict moved")] = False

    def has(self, one: ComparedNumber) -> bool:
        of = one.slice
        return (
            (self.names is None or one.name in self.names)
            and self.kind in {None, of.kind}
            and self.surface in {None, of.surface}
            and (self.slices or (of.model, of.location, of.tag) == (None, None, None))
            and (not self.moved_only or one.verdict == Verdict.MOVED)
        )


class Numbers(Page[MetricOfBatch]):
    """Numbers, each with its interval, what the interval is about, and its slice."""


class Changes(Shown):
    """What has changed, what moved first. `next`: the cursor of the next ones; null: these are the last."""

    org_id: UUID
    before: ComparedPeriod
    after: ComparedPeriod
    changes: list[ComparedNumber]
    next: str | None


def list_numbers(_context: Context, caller: Caller, asked: WhichNumbers, db: Connection) -> Numbers:
    """The numbers of an organisation: of the newest batch, or with dates of each batch of a period, oldest first.

    Each has its value, numerator and denominator, the 95 % interval (low to high), what the interval is about, its
    method and rule version, and its slice. Slices of different kind or surface are never added up or averaged.
    Say a number with its interval.
    """
    after = decode(asked.cursor, UUID, int)
    found = numbers.metrics_of(caller, asked.org_id, asked.chosen, asked.filter, after, asked.limit + 1, db)
    return Numbers.model_validate(page(found, asked.limit, lambda one: (one.batch_id, one.id), numbers.as_metric))


def list_changes(_context: Context, caller: Caller, asked: WhichChanges, db: Connection) -> Changes:
    """What has changed between two periods, each number with a verdict; by default the newest batch and that before.

    Verdicts: moved: more than chance explains; within-noise: no change was found, so report none; not-enough: too few
    answers or questions to tell; model-changed or questions-changed: the two are not comparable, so the difference
    says nothing about the organisation. low to high is the 95 % interval of the difference.
    """
    spans = periods.Asked(asked.since, asked.until, asked.before_since, asked.before_until, asked.network_id)
    found = numbers.changed(caller, asked.org_id, spans, db)
    after = decode(asked.cursor, int)
    first = max(after[0], 0) if after else 0
    numbered = [(at, one) for at, one in enumerate(filter(asked.has, found.changes), start=1)][first:]
    shown = page(numbered, asked.limit, lambda one: (one[0],), lambda one: one[1])
    return Changes(org_id=found.org_id, before=found.before, after=found.after, changes=shown.items, next=shown.next)


TOOLS = (reading(list_numbers, WhichNumbers, Numbers), reading(list_changes, WhichChanges, Changes))
