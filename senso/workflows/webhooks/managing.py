"""Webhooks are made, tried and deleted, each with a row of the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from senso import encryption, supplied
from senso.db import Connection
from senso.db.bulk import as_json
from senso.db.keys import TRIAL
from senso.errors import ConfigError, NotFound
from senso.outgoing import calls
from senso.outgoing.addresses import Reach
from senso.queries import encrypted, triggers, webhooks
from senso.queries.triggers import Concerns
from senso.queries.webhooks import NewWebhook
from senso.reads import webhooks as reads
from senso.states import BATCH_EVENTS, Action, HookEvent
from senso.workflows.webhooks.announcing import content, enqueue
from senso.workflows.webhooks.signing import new_secret

# Of a partner: each is sent an event of every batch.
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Made:
    """`secret`: shown now and never again."""

    id: UUID
    secret: str


def checked(url: str) -> str:
    """The URL in its usual form. Resolves its host: call it before a transaction.

    Raises Refused for an address that may not be reached, Unavailable if its host is not found at this moment.
    """
    encryption.required()
    return calls.check(url, Reach.TEST if supplied.webhooks_to_loopback() else Reach.PUBLIC)


def make(db: Connection, url: str, partner: UUID | None, events: Sequence[str], actor: str) -> Made:
    """`url`: as `checked` returns it. Raises ConfigError where nothing can be encrypted, and NotFound."""
    if partner is not None and not webhooks.is_partner(db, partner):
        raise NotFound(f"no partner {partner}; senso partners lists them")
    if webhooks.count(db, partner) >= MOST:
        raise ConfigError(f"there are {MOST} webhooks already; delete one that is not needed")
    encrypted.require_known_key(db)
    made, secret = uuid4(), new_secret()
    sealed = encryption.sealed(encryption.secret_of(made), secret)
    webhooks.insert(db, NewWebhook(made, partner, url, sealed, wanted(events), actor))
    triggers.audit(
        db, Action.WEBHOOK, actor, Concerns(partner), subject=str(made), did="created", url=url, partner=partner
    )
    return Made(made, secret)


def wanted(events: Sequence[str]) -> list[str]:
    """In the order of `HookEvent`; all of batches if none are given. Raises ConfigError."""
    unknown = [one for one in events if one not in BATCH_EVENTS]
    if unknown:
        raise ConfigError(f"no event {unknown[0]}; there are {', '.join(BATCH_EVENTS)}")
    return [str(one) for one in BATCH_EVENTS if not events or one in events]


def required(db: Connection, webhook: UUID, partner: UUID | None) -> reads.Webhook:
    """Raises NotFound, also where it is another partner's."""
    found = reads.webhook(db, webhook, partner)
    if found is None:
        raise NotFound(f"no webhook {webhook}")
    return found


def delete(db: Connection, webhook: UUID, partner: UUID | None, actor: str) -> None:
    """`partner`: whose webhooks the caller may see; None: all. Raises NotFound."""
    found = required(db, webhook, partner)
    webhooks.delete(db, webhook)
    whom = Concerns(found.partner_id)
    triggers.audit(db, Action.WEBHOOK, actor, whom, subject=str(webhook), did="deleted", url=found.url)


def test(db: Connection, webhook: UUID, partner: UUID | None, actor: str) -> str:
    """The id of a delivery that is sent at once and not tried again. Raises NotFound."""
    found = required(db, webhook, partner)
    key = TRIAL.of(webhook, "test", datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f"))
    body = as_json(content(HookEvent.TEST, {"webhook_id": webhook}))
    enqueue(db, key, webhook, HookEvent.TEST, body)
    whom = Concerns(found.partner_id)
    triggers.audit(db, Action.WEBHOOK, actor, whom, subject=str(webhook), did="tested", url=found.url)
    return key
