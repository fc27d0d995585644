"""What commands do, with the settings of the test: triggering, cancelling and retrying."""

from uuid import UUID

from senso.cli.terms import terms
from senso.settings import settings
from senso.workflows import cancelling, membership, trigger
from senso.workflows.cancelling import Cancelled
from senso.workflows.initiator import Initiator
from senso.workflows.retrying import retry
from senso.workflows.trigger import Triggered

__all__ = ["Initiator", "cancel", "retry", "trigger_missing", "trigger_network", "trigger_org"]


def trigger_org(org: UUID, by: Initiator, *, idempotency_key: str | None = None, reopen: bool = False) -> Triggered:
    return trigger.trigger_org(org, by, terms(reopen=reopen), idempotency_key=idempotency_key)


def trigger_network(
    network: UUID, by: Initiator, *, idempotency_key: str | None = None, reopen: bool = False
) -> Triggered:
    return trigger.trigger_network(network, by, terms(reopen=reopen), idempotency_key=idempotency_key)


def trigger_missing(network: UUID, org: UUID, by: Initiator, *, reopen: bool = False) -> list[Triggered]:
    days = settings().network_history_days
    return membership.trigger_missing(network, org, by, terms(reopen=reopen), days)


def cancel(batch: UUID, by: Initiator) -> Cancelled:
    return cancelling.cancel(batch, by, is_pushed=settings().application_api_url is not None)
