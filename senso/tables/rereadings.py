"""Stored answers that are read again, beside the batches that asked for them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import OPEN_REREADINGS, ReevaluationState, RereadingState, among
from senso.tables.base import Base, Big, Created, Id, Moment, Word, Zero, link, one_of


class Reevaluation(Base):
    """An order to read the answers of an org, or of a batch, again. Of one subject one is open at a time."""

    __tablename__ = "reevaluations"
    __table_args__ = (
        one_of("state", ReevaluationState),
        CheckConstraint("num_nonnulls(org_id, batch_id) = 1", name="subject"),
        CheckConstraint(f"(state = '{ReevaluationState.OPEN}') = (ended_at IS NULL)", name="ended"),
        Index(
            "uq_reevaluations_open",
            "org_id",
            "batch_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text(f"state = '{ReevaluationState.OPEN}'"),
        ),
    )
    id: Mapped[Id]
    org_id: Mapped[UUID | None] = link("orgs.id")
    batch_id: Mapped[UUID | None] = link("batches.id")
    prompt_version: Mapped[Word]
    is_compared: Mapped[bool]  # what is read is only compared: nothing of it counts
    since: Mapped[date | None]  # only answers of batches since this day
    state: Mapped[Word] = mapped_column(server_default=ReevaluationState.OPEN)
    actor: Mapped[Word]
    planned: Mapped[int | None]  # null until all its rows are written
    planned_upto: Mapped[UUID | None]  # the last batch whose readings have their rows
    created_at: Mapped[Created]
    ended_at: Mapped[Moment | None]


class Rereading(Base):
    """A stored answer that is read again. `evaluation_id`: the reading that was current when this was planned."""

    __tablename__ = "rereadings"
    __table_args__ = (
        one_of("state", RereadingState),
        CheckConstraint(f"(state = '{RereadingState.DONE}') = (reading IS NOT NULL)", name="read"),
        CheckConstraint("applied_as IS NULL OR reading IS NOT NULL", name="applied"),
        Index(
            "ix_rereadings_open",
            "reevaluation_id",
            "run_id",
            postgresql_where=text(among("state", OPEN_REREADINGS)),
        ),
        Index("ix_rereadings_batch", "reevaluation_id", "batch_id"),
        Index("ix_rereadings_evaluation_id", "evaluation_id"),
        Index("ix_rereadings_applied_as", "applied_as", postgresql_where=text("applied_as IS NOT NULL")),
    )
    reevaluation_id: Mapped[UUID] = link("reevaluations.id", primary_key=True)
    evaluation_id: Mapped[UUID] = link("evaluations.id", primary_key=True)
    run_id: Mapped[UUID]
    org_id: Mapped[UUID]
    batch_id: Mapped[UUID]  # that of the evaluation
    state: Mapped[Word] = mapped_column(server_default=RereadingState.PENDING)
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]
    next_at: Mapped[Moment | None]
    reader: Mapped[Zero]  # the next try, from 0, as of an evaluation
    error: Mapped[Word | None]
    calls: Mapped[Zero]
    cost_microusd: Mapped[Big] = mapped_column(server_default="0")  # of its calls, as far as it is known
    # What was read: columns of an evaluation by their names, and what belongs to it as lists.
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    applied_as: Mapped[UUID | None] = link("evaluations.id")  # the evaluation that it has become
