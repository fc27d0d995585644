"""What breakers of models did."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import BreakerChange
from senso.tables.base import Base, Created, Moment, Serial, Word, one_of


class BreakerEvent(Base):
    """`model`: the provider's own name. `calls`, `failures`: of the last seconds before it opened."""

    __tablename__ = "breaker_events"
    __table_args__ = (
        one_of("event", BreakerChange),
        Index("ix_breaker_events_untold", "id", postgresql_where=text("told_at IS NULL")),
    )
    id: Mapped[Serial]
    at: Mapped[Created]
    provider: Mapped[Word]
    model: Mapped[Word]
    event: Mapped[Word]
    calls: Mapped[int]
    failures: Mapped[int]
    error: Mapped[Word | None]  # the class of the last failure
    open_seconds: Mapped[int]
    transition: Mapped[Word] = mapped_column(unique=True)  # so that an event is stored once
    told_at: Mapped[Moment | None]  # when it became a live event
