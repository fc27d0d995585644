"""Messages, pushes and triggers; worker and beat processes; repairs and the audit."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import Action, JobRequest, PushStatus
from senso.tables.base import Base, Big, Created, Id, Json, Moment, Serial, Word, Zero, link, one_of


class Outbox(Base):
    """A message to send, written by the transaction that makes it due."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_published_at", "published_at"),
        Index("ix_outbox_unpublished", "not_before", postgresql_where=text("published_at IS NULL")),
    )
    id: Mapped[Serial]
    key: Mapped[Word] = mapped_column(unique=True)
    pipeline: Mapped[Word]  # a name in senso.tasks.canvas
    ids: Mapped[list[str]] = mapped_column(JSONB)
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    not_before: Mapped[Created]
    published_at: Mapped[Moment | None]


class Push(Base):
    __tablename__ = "pushes"
    __table_args__ = (
        one_of("status", PushStatus),
        Index("ix_pushes_failed", "created_at", postgresql_where=text(f"status = '{PushStatus.FAILED}'")),
        Index("ix_pushes_due", "next_at", postgresql_where=text(f"status = '{PushStatus.PENDING}'")),
    )
    key: Mapped[Word] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = link("batches.id", index=True)
    episode: Mapped[int]
    body: Mapped[Json]
    status: Mapped[Word] = mapped_column(server_default=PushStatus.PENDING)
    tries: Mapped[Zero]
    next_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    error: Mapped[Word | None]
    created_at: Mapped[Created]
    sent_at: Mapped[Moment | None]


class Trigger(Base):
    __tablename__ = "triggers"
    idempotency_key: Mapped[Word] = mapped_column(primary_key=True)
    payload_hash: Mapped[Word]
    batch_id: Mapped[UUID] = link("batches.id")
    created_at: Mapped[Created]


class ScheduleRun(Base):
    __tablename__ = "schedule_runs"
    subject: Mapped[Word] = mapped_column(primary_key=True)  # org:<id>
    due_date: Mapped[date] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID | None] = link("batches.id")
    created_at: Mapped[Created]


class Worker(Base):
    __tablename__ = "workers"
    id: Mapped[Word] = mapped_column(primary_key=True)
    started_at: Mapped[Created]
    heartbeat_at: Mapped[Created]
    ended_at: Mapped[Moment | None]  # it shut down, or the reaper found it silent
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")  # those it consumes
    idle_since: Mapped[Moment | None]  # null while it has work in progress
    rss_bytes: Mapped[Big | None]  # of memory, at the last heartbeat
    cpu_seconds: Mapped[float | None]  # since its start


class Beat(Base):
    """A beat process, kept separate from the workers: it holds no work that could be taken back."""

    __tablename__ = "beats"
    id: Mapped[Word] = mapped_column(primary_key=True)
    started_at: Mapped[Created]
    ticked_at: Mapped[Moment | None]  # when it last sent a tick to Redis
    due_hour: Mapped[int | None]  # UTC, of its timetable; null: the timetable opens no batch
    timetable: Mapped[Json | None]  # its entries: name, tick, seconds, hour


class LimitedRequest(Base):
    """A request to a vendor of jobs that was answered by 429; kept for a week."""

    __tablename__ = "limited_requests"
    __table_args__ = (one_of("request", JobRequest), Index("ix_limited_requests_at", "provider", "at"))
    id: Mapped[Id]
    at: Mapped[Created]
    provider: Mapped[Word]
    request: Mapped[Word]
    pause_seconds: Mapped[float]  # how long requests of its kind then wait
    in_a_row: Mapped[int]  # its place in a series without a success


class Repair(Base):
    """What the sweep and the reaper repaired: more than a few a day means a fault elsewhere."""

    __tablename__ = "repairs"
    id: Mapped[Serial]
    kind: Mapped[Word]
    count: Mapped[int]
    at: Mapped[Created]


class Audit(Base):
    __tablename__ = "audit"
    __table_args__ = (
        one_of("action", Action),
        Index("ix_audit_partner_id_id", "partner_id", "id"),
        Index("ix_audit_actor_id", "actor", "id"),
        Index("ix_audit_action_id", "action", "id"),
        Index("ix_audit_subject_id", "subject", "id"),
        # What was done by one change of many batches.
        Index(
            "ix_audit_bulk", text("(details->>'bulk')"), "id", postgresql_where=text("(details->>'bulk') IS NOT NULL")
        ),
    )
    id: Mapped[Serial]
    action: Mapped[Word]
    actor: Mapped[Word]
    subject: Mapped[Word | None]
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    partner_id: Mapped[UUID | None]  # whom it concerns, and who may see it; null: only tokens of all partners
    details: Mapped[Json]
    at: Mapped[Created]
