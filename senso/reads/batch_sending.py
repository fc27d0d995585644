"""What was sent of a batch: its pushes to the application, and what webhooks were told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import DeliveryStatus, PushStatus

MOST = 50


@dataclass(frozen=True, slots=True)
class SentPush:
    """Of one episode. `next_at`: of the next try, while it is pending."""

    episode: int
    status: PushStatus
    tries: int
    error: str | None
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None


PUSHES = text(f"""
    SELECT episode, status, tries, error, created_at,
        CASE WHEN status = '{PushStatus.PENDING}' THEN next_at END AS next_at, sent_at
    FROM pushes WHERE batch_id = :batch ORDER BY episode DESC LIMIT {MOST}
""")


@dataclass(frozen=True, slots=True)
class Told:
    """One event for one webhook. `response_status`, `error`: of the last try."""

    webhook_id: UUID
    url: str
    event: str
    status: DeliveryStatus
    tries: int
    response_status: int | None
    error: str | None
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None


# A partner is told of its own webhooks; those of all partners are whoever runs the installation's.
DELIVERIES = text(f"""
    SELECT d.webhook_id, w.url, d.event, d.status, d.tries, d.response_status, d.error, d.created_at,
        CASE WHEN d.status = '{DeliveryStatus.PENDING}' THEN d.next_at END AS next_at, d.sent_at
    FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id
    WHERE d.batch_id = :batch AND (CAST(:partner AS uuid) IS NULL OR w.partner_id = :partner)
    ORDER BY d.created_at DESC, d.key LIMIT {MOST}
""")


def pushes(db: Connection, batch: UUID) -> list[SentPush]:
    """The latest episode first."""
    return each(SentPush, db.execute(PUSHES, {"batch": batch}))


def deliveries(db: Connection, batch: UUID, partner: UUID | None = None) -> list[Told]:
    """The latest first. `partner`: only to webhooks of that one."""
    return each(Told, db.execute(DELIVERIES, {"batch": batch, "partner": partner and str(partner)}))
