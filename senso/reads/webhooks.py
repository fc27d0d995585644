"""Webhooks and what was sent to them, without their secrets."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.reads import actors
from senso.states import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Webhook:
    """`partner_id`: whose batches it is told of; None: of all. `pending`: deliveries that wait or are tried again."""

    id: UUID
    partner_id: UUID | None
    url: str
    events: list[str]
    active: bool
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None
    pending: int
    last_sent_at: datetime | None


CREATED_BY = actors.told("w.created_by", ":partner")
WEBHOOKS = text(f"""
    SELECT w.id, w.partner_id, w.url, w.events, w.active, {CREATED_BY} AS created_by, w.created_at, w.disabled_at,
        w.disabled_because,
        (SELECT count(*) FROM deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending') AS pending,
        (SELECT max(sent_at) FROM deliveries d WHERE d.webhook_id = w.id) AS last_sent_at
    FROM webhooks w
    WHERE (CAST(:partner AS uuid) IS NULL OR w.partner_id = :partner) AND (CAST(:id AS uuid) IS NULL OR w.id = :id)
        AND (CAST(:at AS timestamptz) IS NULL OR (w.created_at, w.id) > (:at, CAST(:after AS uuid)))
    ORDER BY w.created_at, w.id LIMIT :most
""")
ALL = 10**9


def webhooks(
    db: Connection, partner: UUID | None = None, after: tuple[datetime, UUID] | None = None, most: int = ALL
) -> list[Webhook]:
    """Of one partner, or all, also those that are told of all partners' batches. The oldest first.

    `after`: `created_at` and `id` of the last one of the page before.
    """
    at, last = after or (None, None)
    values = {"partner": partner, "id": None, "at": at, "after": last, "most": most}
    return each(Webhook, db.execute(WEBHOOKS, values))


def webhook(db: Connection, id_: UUID, partner: UUID | None = None) -> Webhook | None:
    """None also where it is another partner's."""
    values = {"partner": partner, "id": id_, "at": None, "after": None, "most": 1}
    return first(Webhook, db.execute(WEBHOOKS, values))


@dataclass(frozen=True, slots=True)
class Delivery:
    """`id`: what the receiver gets as `webhook-id`. `response_status`, `error`: of the last try."""

    id: str
    event: str
    batch_id: UUID | None
    status: DeliveryStatus
    tries: int
    response_status: int | None
    error: str | None
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None


# The position of a row is its moment and its key: many are written by one transaction.
DELIVERIES = text("""
    SELECT key AS id, event, batch_id, status, tries, response_status, error, created_at,
        CASE WHEN status = 'pending' THEN next_at END AS next_at, sent_at
    FROM deliveries
    WHERE webhook_id = :webhook AND (CAST(:at AS timestamptz) IS NULL OR (created_at, key) < (:at, :key))
    ORDER BY created_at DESC, key DESC LIMIT :most
""")


def deliveries(db: Connection, webhook: UUID, most: int, after: tuple[datetime, str] | None = None) -> list[Delivery]:
    """The latest first. `after`: `created_at` and `id` of the last one of the page before."""
    at, key = after or (None, None)
    return each(Delivery, db.execute(DELIVERIES, {"webhook": webhook, "most": most, "at": at, "key": key}))
