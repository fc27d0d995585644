"""Webhooks, and what is sent to them."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import DeliveryStatus
from senso.tables.base import Base, Created, Id, Moment, Word, Zero, link, one_of


class Webhook(Base):
    """An address that is told when batches end."""

    __tablename__ = "webhooks"
    id: Mapped[Id]
    partner_id: Mapped[UUID | None] = link("partners.id", index=True)  # null: of all partners
    url: Mapped[Word]
    secret: Mapped[Word]  # sealed by `senso.encryption`
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool] = mapped_column(server_default="true")
    created_by: Mapped[Word]
    created_at: Mapped[Created]
    disabled_at: Mapped[Moment | None]  # by itself, since what was sent was not accepted
    disabled_because: Mapped[Word | None]


class Delivery(Base):
    """One event for one webhook, written by the transaction that makes it true. Its tries are its fence."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        Index("ix_deliveries_webhook_id_created_at", "webhook_id", "created_at"),
        Index(
            "ix_deliveries_due",
            *("webhook_id", "next_at"),
            postgresql_where=text(f"status = '{DeliveryStatus.PENDING}'"),
        ),
        Index("ix_deliveries_sent", "webhook_id", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    )
    key: Mapped[Word] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    event: Mapped[Word]
    body: Mapped[Word]  # what is signed and sent, to the byte
    status: Mapped[Word] = mapped_column(server_default=DeliveryStatus.PENDING)
    tries: Mapped[Zero]
    next_at: Mapped[Created]
    lease_until: Mapped[Moment | None]
    response_status: Mapped[int | None]  # of the last try
    error: Mapped[Word | None]
    created_at: Mapped[Created]
    sent_at: Mapped[Moment | None]
