"""Alarms, the messages that tell of them, and the deaths of processes that a supervisor has seen."""

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import AlarmKind, MessagePart, MessageStatus
from senso.tables.base import Base, Created, Moment, Serial, Word, Zero, one_of


class AlarmMessage(Base):
    __tablename__ = "alarm_messages"
    __table_args__ = (
        one_of("kind", AlarmKind),
        one_of("part", MessagePart),
        one_of("status", MessageStatus),
        Index("ix_alarm_messages_due", "next_at", postgresql_where=sql(f"status = '{MessageStatus.PENDING}'")),
    )
    id: Mapped[Serial]
    kind: Mapped[Word]
    part: Mapped[Word]
    count: Mapped[int]  # of the alarms that it tells of; for `over`, of those of the whole period
    since: Mapped[Moment]  # when the first alarm of the period happened
    text: Mapped[Word]  # without secrets, not yet escaped for Slack
    status: Mapped[Word] = mapped_column(server_default=MessageStatus.PENDING)
    tries: Mapped[Zero]
    next_at: Mapped[Created]
    lease_until: Mapped[Moment | None]
    tried_at: Mapped[Moment | None] = mapped_column(index=True)
    error: Mapped[Word | None]
    created_at: Mapped[Created]
    sent_at: Mapped[Moment | None]


class Alarm(Base):
    """One event; the key is made of it, so that it is noticed once, whoever looks and how often."""

    __tablename__ = "alarms"
    __table_args__ = (
        one_of("kind", AlarmKind),
        Index("ix_alarms_gathered", "kind", postgresql_where=sql("message_id IS NULL")),
    )
    id: Mapped[Serial]
    key: Mapped[Word] = mapped_column(unique=True)
    kind: Mapped[Word]
    subject: Mapped[Word | None]  # the id that a command about it takes
    said: Mapped[Word]  # without secrets
    happened_at: Mapped[Moment] = mapped_column(index=True)
    noticed_at: Mapped[Created]
    message_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("alarm_messages.id"), index=True
    )  # null: gathered for the next message


class AlarmPeriod(Base):
    """Of each kind: when its source was looked at, and the period for which its alarms are gathered now."""

    __tablename__ = "alarm_periods"
    __table_args__ = (one_of("kind", AlarmKind),)
    kind: Mapped[Word] = mapped_column(primary_key=True)
    looked_at: Mapped[Moment | None]
    next_look_at: Mapped[Created]
    since: Mapped[Moment | None]  # null: no period
    due_at: Mapped[Moment | None]  # when the next message is due
    window_seconds: Mapped[Zero]
    messages: Mapped[Zero]
    count: Mapped[Zero]


class Restart(Base):
    """A process that dies as soon as it is started, as its supervisor has seen."""

    __tablename__ = "restarts"
    id: Mapped[Serial]
    at: Mapped[Created]
    host: Mapped[Word]
    process: Mapped[Word]
    exit_code: Mapped[int | None]
    deaths: Mapped[int]  # in a row
