"""Webhooks: addresses that are told when batches end."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.statement import Prepared

# Of a batch of an org, the org's partner; of a network's, the network's.
WANTING = Prepared("""
    SELECT id FROM webhooks w
    WHERE w.active AND CAST(:event AS text) = ANY(w.events) AND (w.partner_id IS NULL OR w.partner_id = coalesce(
        (SELECT partner_id FROM orgs WHERE id = CAST(:org AS uuid)),
        (SELECT partner_id FROM networks WHERE id = CAST(:network AS uuid))))
    ORDER BY id
""")


def wanting(db: Connection, event: str, org: UUID | None, network: UUID | None) -> list[UUID]:
    """Which webhooks are told of an event of a batch."""
    return WANTING.column(db, {"event": event, "org": org, "network": network})


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """`secret`: sealed. `partner_id`: whose batches it is told of; None: of all."""

    id: UUID
    partner_id: UUID | None
    url: str
    secret: str
    events: Sequence[str]
    created_by: str


INSERT = text("""
    INSERT INTO webhooks (id, partner_id, url, secret, events, created_by)
    VALUES (:id, :partner_id, :url, :secret, :events, :created_by)
""")
# One more at a time: two that count together would both find room.
LOCK = text("SELECT pg_advisory_xact_lock(7230160)")
COUNT = text("SELECT count(*) FROM webhooks WHERE partner_id IS NOT DISTINCT FROM CAST(:partner AS uuid)")


def count(db: Connection, partner: UUID | None) -> int:
    """Of that partner, or of those that are told of all. Others are kept from making one until the commit."""
    db.execute(LOCK)
    return int(db.execute(COUNT, {"partner": partner}).scalar_one())


def insert(db: Connection, made: NewWebhook) -> None:
    values = {"id": made.id, "partner_id": made.partner_id, "url": made.url, "secret": made.secret}
    db.execute(INSERT, values | {"events": list(made.events), "created_by": made.created_by})


OWNER = text("SELECT partner_id FROM webhooks WHERE id = :webhook")


def owner(db: Connection, webhook: UUID) -> UUID | None:
    """None: of all partners, or there is no such webhook."""
    found: UUID | None = db.execute(OWNER, {"webhook": webhook}).scalar_one_or_none()
    return found


KNOWN_PARTNER = text("SELECT EXISTS (SELECT FROM partners WHERE id = :partner)")


def is_partner(db: Connection, partner: UUID) -> bool:
    return bool(db.execute(KNOWN_PARTNER, {"partner": partner}).scalar_one())


DELETE = text("DELETE FROM webhooks WHERE id = :id RETURNING url")


def delete(db: Connection, webhook: UUID) -> str | None:
    """Its URL; None if there was none. What was sent to it goes with it."""
    return db.execute(DELETE, {"id": webhook}).scalar_one_or_none()


# What waits is not sent any more.
DISABLE = text("""
    WITH disabled AS (
        UPDATE webhooks SET active = false, disabled_at = now(), disabled_because = :because
        WHERE id = :id AND active RETURNING id, url
    ),
    left_over AS (
        UPDATE deliveries SET status = 'failed', error = 'the webhook was switched off', lease_until = NULL
        WHERE webhook_id IN (SELECT id FROM disabled) AND status = 'pending'
    )
    SELECT url FROM disabled
""")


def disable(db: Connection, webhook: UUID, because: str) -> str | None:
    """Its URL; None if it was switched off before."""
    return db.execute(DISABLE, {"id": webhook, "because": because}).scalar_one_or_none()


ENABLE = text("""
    UPDATE webhooks SET active = true, disabled_at = NULL, disabled_because = NULL
    WHERE id = :id AND NOT active RETURNING url
""")


def enable(db: Connection, webhook: UUID) -> str | None:
    """Its URL; None if it was on."""
    return db.execute(ENABLE, {"id": webhook}).scalar_one_or_none()
