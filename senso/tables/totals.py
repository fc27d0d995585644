"""What has ended, as totals that are only added to: the counters and histograms of the metrics.

`senso.queries.totals` adds to them. Rows that are deleted later do not lower them.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import BatchKind, Purpose
from senso.tables.base import Base, Big, Moment, Serial, Word, one_of


def key() -> Mapped[str]:
    return mapped_column(primary_key=True)


def sum_of() -> Mapped[int]:
    return mapped_column(BigInteger, server_default="0")


class CallTotal(Base):
    """`calls`: of a call that read for several orgs, only its first share; all else includes every share."""

    __tablename__ = "call_totals"
    __table_args__ = (one_of("purpose", Purpose),)
    provider: Mapped[Word] = key()
    model: Mapped[Word] = key()
    purpose: Mapped[Word] = key()
    outcome: Mapped[Word] = key()  # an Outcome, or "unreported"
    calls: Mapped[int] = sum_of()
    tokens_in: Mapped[int] = sum_of()
    tokens_cached: Mapped[int] = sum_of()
    tokens_out: Mapped[int] = sum_of()
    cost_microusd: Mapped[int] = sum_of()
    unknown_cost: Mapped[int] = sum_of()  # calls whose cost is not known


class CallDuration(Base):
    """A bucket of a histogram. `bucket`: how many of `senso.queries.totals.CALL_BUCKETS` are below the latency."""

    __tablename__ = "call_durations"
    __table_args__ = (one_of("purpose", Purpose),)
    provider: Mapped[Word] = key()
    model: Mapped[Word] = key()
    purpose: Mapped[Word] = key()
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    calls: Mapped[int] = sum_of()
    milliseconds: Mapped[int] = sum_of()


class DayCost(Base):
    """What the calls that began on a day (UTC) have cost, as far as they have been counted."""

    __tablename__ = "day_costs"
    day: Mapped[date] = mapped_column(primary_key=True)
    cost_microusd: Mapped[int] = sum_of()


class CallDay(Base):
    """How the calls of a provider that began on a day (UTC) ended, as far as they have been counted.

    `calls` and the counts of how they ended: of a call that read for several orgs, only its first share.
    """

    __tablename__ = "call_days"
    __table_args__ = (UniqueConstraint("day", "provider", "partner_id", postgresql_nulls_not_distinct=True),)
    id: Mapped[Serial]
    day: Mapped[date]
    provider: Mapped[Word]
    partner_id: Mapped[UUID | None]  # for which it was, when it was counted
    calls: Mapped[int] = sum_of()
    useful: Mapped[int] = sum_of()
    tried_again: Mapped[int] = sum_of()  # failed, and were followed by another call
    rate_limited: Mapped[int] = sum_of()
    unavailable: Mapped[int] = sum_of()
    refused: Mapped[int] = sum_of()
    malformed: Mapped[int] = sum_of()
    failed: Mapped[int] = sum_of()
    open: Mapped[int] = sum_of()  # never reported
    cost_microusd: Mapped[int] = sum_of()
    unknown_cost: Mapped[int] = sum_of()


class EndedTotal(Base):
    """Batches, runs and evaluations by their last state; what a retry asks again ends again, and counts again."""

    __tablename__ = "ended_totals"
    __table_args__ = (one_of("kind", BatchKind),)
    what: Mapped[Word] = key()  # batches, runs or evaluations
    kind: Mapped[Word] = key()  # of the batch
    state: Mapped[Word] = key()
    ended: Mapped[int] = sum_of()


class BatchDuration(Base):
    """A bucket of a histogram. `bucket`: how many of `senso.queries.totals.BATCH_BUCKETS` are below the time taken."""

    __tablename__ = "batch_durations"
    __table_args__ = (one_of("kind", BatchKind),)
    kind: Mapped[Word] = key()
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    batches: Mapped[int] = sum_of()
    milliseconds: Mapped[int] = sum_of()


class RepairTotal(Base):
    __tablename__ = "repair_totals"
    kind: Mapped[Word] = key()
    repaired: Mapped[int] = sum_of()


class BacklogAge(Base):
    """How long, in seconds, the work of each stage had waited that had waited longest. `at`: begins ten minutes."""

    __tablename__ = "backlog_ages"
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    matrix: Mapped[int]
    ask: Mapped[int]
    extract: Mapped[int]
    score: Mapped[int]
    push: Mapped[int]


class UncountedCall(Base):
    """A call that is not in the totals yet: it has not reported back, or its vendor job has not ended."""

    __tablename__ = "uncounted_calls"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[UUID | None] = mapped_column(index=True)


class Counting(Base):
    """One row: how far `llm_calls` and `repairs` are counted.

    Ids are given out before their rows are committed. Up to `next_call` and `next_repair`, the highest ids when
    transaction `next_xid` was yet to begin, all rows are there once every earlier transaction has ended.
    """

    __tablename__ = "counting"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last_call: Mapped[Big]
    last_repair: Mapped[Big]
    next_call: Mapped[Big]
    next_repair: Mapped[Big]
    next_xid: Mapped[Big]
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    counted_at: Mapped[Moment | None]  # when all that could be counted was
    uncounted: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # rows of uncounted_calls
