"""Stage 6: the result is pushed. A failed push stays in its row and is retried; its batch has ended already."""

from senso import push
from senso.db import transaction
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.queries import pushes
from senso.queries.pushes import PushWork
from senso.runtime.saving import save
from senso.workflows.call_reports import guarded

log = logger(__name__)


def deliver(key: str, base_url: str | None, token: str | None) -> None:
    """`base_url`: the application's; if None, nothing is sent."""
    with transaction() as db:
        work = pushes.claim(db, key, POLICY)
    if work is None or base_url is None:
        return
    try:
        with guarded():
            push.send(base_url, token, key, work.body)
    except (OutsideError, ConfigError) as error:
        delivery_failed(work, error)
        return
    failpoint("push sent")
    save(lambda db: pushes.sent(db, key))
    log.info("pushed", batch=str(work.batch_id), tries=work.tries)


def delivery_failed(work: PushWork, error: OutsideError | ConfigError) -> None:
    log.warning("a push failed", push=work.key, tries=work.tries, error=str(error))
    reason, wait = str(error), min(POLICY.longest_push_wait_seconds, 5 * 2**work.tries)
    save(lambda db: pushes.again(db, work.key, reason, wait, POLICY))
