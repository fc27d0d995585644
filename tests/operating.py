"""What commands do, with the settings of the test: triggering, cancelling and retrying."""

from uuid import UUID

from senso.cli.terms import terms
from senso.settings import settings
from senso.workflows import cancelling, trigger
from senso.workflows.cancelling import Cancelled
from senso.workflows.retrying import retry
from senso.workflows.trigger import Initiator, Triggered

__all__ = ["Initiator", "cancel", "retry", "trigger_org"]


def trigger_org(org: UUID, by: Initiator, *, idempotency_key: str | None = None, reopen: bool = False) -> Triggered:
    return trigger.trigger_org(org, by, terms(reopen=reopen), idempotency_key=idempotency_key)


def cancel(batch: UUID, by: Initiator) -> Cancelled:
    return cancelling.cancel(batch, by, is_pushed=settings().application_api_url is not None)
