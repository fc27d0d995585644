"""Live events: what happens to batches and breakers, as rows from which streams are replayed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import BatchState, EventKind
from senso.tables.base import Base, Big, Created, Json, Moment, Serial, Word, link, one_of


class Event(Base):
    """Ids increase in commit order: a trigger locks the row of `event_turn` until the commit of who inserts."""

    __tablename__ = "events"
    __table_args__ = (
        one_of("kind", EventKind),
        CheckConstraint(f"(kind = '{EventKind.BREAKER}') = (batch_id IS NULL)", name="batch"),
        CheckConstraint("(batch_id IS NULL) = (partner_id IS NULL)", name="partner"),
        Index("ix_events_batch_id", "batch_id", "id"),
        Index("ix_events_partner_id", "partner_id", "id"),
    )
    id: Mapped[Serial]
    batch_id: Mapped[UUID | None] = link("batches.id")
    kind: Mapped[Word]
    data: Mapped[Json]
    partner_id: Mapped[UUID | None] = link("partners.id")  # who may see it; null: only tokens of all partners
    created_at: Mapped[Created]


class EventMark(Base):
    """How a batch stands according to its last event. `looked_at`: when its counts were last compared with it."""

    __tablename__ = "event_marks"
    __table_args__ = (
        one_of("state", BatchState),
        Index("ix_event_marks_running", "batch_id", postgresql_where=text(f"state = '{BatchState.RUNNING}'")),
        Index(
            "ix_event_marks_waiting",
            "batch_id",
            postgresql_where=text(f"state IN ('{BatchState.QUEUED}', '{BatchState.BLOCKED}')"),
        ),
    )
    batch_id: Mapped[UUID] = link("batches.id", primary_key=True)
    event_id: Mapped[Big]
    state: Mapped[Word]
    episode: Mapped[int]
    planned: Mapped[int | None]
    remaining: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    looked_at: Mapped[Moment]


class EventTurn(Base):
    """One row, which whoever writes events holds. `next_at`: when the next look is due; `whole`: at all batches."""

    __tablename__ = "event_turn"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    whole_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())  # the last one
