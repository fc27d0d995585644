"""The metrics of a batch."""

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from senso.tables.base import Base, Big, Serial, Word, link


class Metric(Base):
    __tablename__ = "metrics"
    __table_args__ = (
        UniqueConstraint(
            "batch_id",
            "name",
            "kind",
            "surface",
            "model",
            "location",
            "tag",
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[Serial]
    batch_id: Mapped[UUID] = link("batches.id")
    name: Mapped[Word]
    kind: Mapped[Word]
    surface: Mapped[Word]
    model: Mapped[Word | None]
    location: Mapped[Word | None]
    value: Mapped[float | None]
    numerator: Mapped[Big]
    denominator: Mapped[Big]
    low: Mapped[float | None]
    high: Mapped[float | None]
    method: Mapped[Word]
    rule_version: Mapped[Word]
    about: Mapped[Word | None]
    answers: Mapped[Big | None]
    questions: Mapped[Big | None]
    effective_n: Mapped[float | None]
    these_low: Mapped[float | None]
    these_high: Mapped[float | None]
    these_method: Mapped[Word | None]
    tag: Mapped[Word | None]  # of questions; such a row is of all models and locations
