"""One event is sent to one webhook. What is not accepted stays in its row and is tried again, after growing waits.

At least once: killed between sending and saving, it is sent again under the same `webhook-id`. A webhook is switched
off when an event was given up after two days in which it accepted nothing, or when it answers 410.
"""

import time
from http import HTTPStatus
from typing import Final
from uuid import UUID

from senso import encryption, supplied
from senso.db import Connection, transaction
from senso.errors import ConfigError, OutsideError, Unavailable
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.queries import deliveries, triggers, webhooks
from senso.queries.deliveries import DeliveryWork
from senso.queries.triggers import Concerns
from senso.runtime.saving import save
from senso.states import Action, HookEvent
from senso.workflows.call_reports import guarded
from senso.workflows.webhooks import signing

log = logger(__name__)
SERVICE: Final = "webhook"
TIMEOUT_SECONDS: Final = 10
GOING_ON_SECONDS: Final = 20  # then the relay sends what is left: others wait for this thread
FIRST_WAIT_SECONDS: Final = 5.0
BY_ITSELF: Final = "senso"
GIVEN_UP: Final = "nothing that was sent in two days was accepted; the last answer: {reason}"


def deliver(key: str) -> None:
    """Goes on with what else is due for the webhook while it accepts: the messages of these found it busy."""
    ends = time.monotonic() + GOING_ON_SECONDS
    with transaction() as db:
        work = deliveries.claim(db, key, POLICY)
    while work is not None and is_sent(work) and time.monotonic() < ends:
        with transaction() as db:
            work = deliveries.claim_next(db, work.webhook_id, POLICY)


def is_sent(work: DeliveryWork) -> bool:
    try:
        with guarded():
            status = send(work)
    except (OutsideError, ConfigError) as error:
        failed(work, error)
        return False
    failpoint("delivery sent")
    save(lambda db: accepted(db, work, status))
    log.info("delivered", hook=str(work.webhook_id), delivery=work.key, tries=work.tries)
    return True


def send(work: DeliveryWork) -> int:
    # Who enqueues sends none, and aiohttp takes long to import.
    from senso.outgoing import calls  # noqa: PLC0415
    from senso.outgoing.addresses import Reach  # noqa: PLC0415

    secret, body = encryption.opened(encryption.secret_of(work.webhook_id), work.secret), work.body.encode()
    headers = signing.headers(secret, work.key, int(time.time()), body)
    reach = Reach.TEST if supplied.webhooks_to_loopback() else Reach.PUBLIC
    return calls.post(calls.Post(SERVICE, work.url, body, headers, TIMEOUT_SECONDS, reach))


def accepted(db: Connection, work: DeliveryWork, status: int) -> None:
    """A test that is accepted switches the webhook on again."""
    deliveries.sent(db, work, status)
    if work.event is HookEvent.TEST and (url := webhooks.enable(db, work.webhook_id)):
        tell(db, work.webhook_id, did="enabled", url=url)


def failed(work: DeliveryWork, error: OutsideError | ConfigError) -> None:
    reason, wait = str(error), wait_seconds(work.tries, error)
    log.warning("a delivery failed", hook=str(work.webhook_id), delivery=work.key, tries=work.tries, error=reason)
    save(lambda db: not_accepted(db, work, error, reason, wait))


def not_accepted(
    db: Connection, work: DeliveryWork, error: OutsideError | ConfigError, reason: str, wait: float
) -> None:
    status = error.status if isinstance(error, OutsideError) else None
    is_given_up = deliveries.again(db, work, reason, status, wait, POLICY)
    if work.event is HookEvent.TEST:
        return
    if status == HTTPStatus.GONE:
        disable(db, work, f"it answered {status}: it is gone for good")
    elif is_given_up and deliveries.nothing_else_arrived(db, work):
        disable(db, work, GIVEN_UP.format(reason=reason))


def disable(db: Connection, work: DeliveryWork, because: str) -> None:
    url = webhooks.disable(db, work.webhook_id, because)
    if url is not None:
        tell(db, work.webhook_id, did="disabled", because=because, url=url)
        log.warning("a webhook was switched off", hook=str(work.webhook_id), why=because)


def tell(db: Connection, webhook: UUID, **said: str) -> None:
    whom = Concerns(webhooks.owner(db, webhook))
    triggers.audit(db, Action.WEBHOOK, BY_ITSELF, whom, subject=str(webhook), batch=None, **said)


def wait_seconds(tries: int, error: OutsideError | ConfigError) -> float:
    """10, 20, 40 ... seconds, an hour at most; longer if the receiver asks for it, up to an hour."""
    grown = min(POLICY.longest_push_wait_seconds, FIRST_WAIT_SECONDS * 2.0**tries)
    asked = error.retry_after_seconds if isinstance(error, Unavailable) else None
    return max(grown, min(POLICY.longest_push_wait_seconds, asked or 0.0))
