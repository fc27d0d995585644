"""One message to Slack: claimed, sent, marked. Killed between the last two, it is sent once more.

Messages are sent by the control worker, each when its row is written; what was not sent then, every process that
watches tries to send, since the control worker may be what the message is about.
"""

from typing import Final

from senso import slack, supplied
from senso.db import transaction
from senso.errors import OutsideError, RateLimited, Unavailable
from senso.failpoints import failpoint
from senso.log import logger
from senso.queries import alarms
from senso.queries.alarms import MessageWork
from senso.runtime.saving import save

log = logger(__name__)
LEASE_SECONDS: Final = 60
LONGEST_WAIT_SECONDS: Final = 3600.0


def deliver(message: int) -> bool:
    """Whether it was sent. False also if it need not be, or must wait."""
    alarming = supplied.alarming()
    if alarming.url is None:
        return False
    with transaction() as db:
        work = alarms.claim(db, message, LEASE_SECONDS)
    if work is None:
        return False
    try:
        slack.post(alarming.url, slack.escaped(work.text))
    except OutsideError as error:
        failed(work, error)
        return False
    failpoint("alarm sent")
    save(lambda db: alarms.sent(db, work.id))
    return True


def failed(work: MessageWork, error: OutsideError) -> None:
    reason, wait = str(error), wait_seconds(work.tries, error)
    log.warning("a message to Slack failed", message=work.id, tries=work.tries, error=reason, seconds=round(wait))
    save(lambda db: alarms.again(db, work.id, reason, wait))
    if isinstance(error, RateLimited):
        save(lambda db: alarms.hold(db, wait))


def wait_seconds(tries: int, error: OutsideError) -> float:
    grown = min(LONGEST_WAIT_SECONDS, 5.0 * 2**tries)
    asked = error.retry_after_seconds if isinstance(error, Unavailable) else None
    return grown if asked is None else max(1.0, min(LONGEST_WAIT_SECONDS, asked))
