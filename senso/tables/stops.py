"""What stops paid calls: pauses, and ceilings on what a day costs."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from senso.states import StopScope
from senso.tables.base import Base, Big, Created, Moment, Serial, Word, link, one_of


class Pause(Base):
    """No paid call begins for its subject while the row is there."""

    __tablename__ = "pauses"
    __table_args__ = (
        UniqueConstraint("scope", "subject", postgresql_nulls_not_distinct=True),
        one_of("scope", StopScope),
        CheckConstraint(f"(scope = '{StopScope.ALL}') = (subject IS NULL)", name="subject"),
    )
    id: Mapped[Serial]
    scope: Mapped[Word]
    subject: Mapped[Word | None]  # a provider's name, a model's slug, a partner's id
    paused_at: Mapped[Created]
    paused_by: Mapped[Word]
    reason: Mapped[Word | None]


class CostStop(Base):
    """A ceiling that was reached on a day (UTC). Null `partner_id`: of all partners together."""

    __tablename__ = "cost_stops"
    __table_args__ = (
        UniqueConstraint("day", "partner_id", postgresql_nulls_not_distinct=True),
        Index("ix_cost_stops_open", "id", postgresql_where=text("lifted_at IS NULL")),
    )
    id: Mapped[Serial]
    day: Mapped[date]
    partner_id: Mapped[UUID | None] = link("partners.id")
    ceiling_microusd: Mapped[Big]
    spent_microusd: Mapped[Big]  # what had been spent by then, calls in flight by their estimates
    wanted_microusd: Mapped[Big]  # the estimate of the call that was refused
    reached_at: Mapped[Created]
    lifted_at: Mapped[Moment | None]  # null: calls are refused


class CostDay(Base):
    """What a day (UTC) has cost, calls in flight by their estimates; counted only where there is a ceiling."""

    __tablename__ = "cost_days"
    __table_args__ = (UniqueConstraint("day", "partner_id", postgresql_nulls_not_distinct=True),)
    id: Mapped[Serial]
    day: Mapped[date]
    partner_id: Mapped[UUID | None] = link("partners.id")  # null: all partners together
    microusd: Mapped[Big]


class CostMove(Base):
    """A change of a day's cost that is not added to `cost_days` yet. Written by a trigger on `llm_calls`."""

    __tablename__ = "cost_moves"
    id: Mapped[Serial]
    day: Mapped[date]
    partner_id: Mapped[UUID | None]
    microusd: Mapped[Big]
