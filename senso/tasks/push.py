"""Stage 6: a push that fails stays in its row and is tried again; its batch has ended all the same."""

from senso import push as handing_over
from senso.db import transaction
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.queries import pushes
from senso.settings import secret, settings
from senso.tasks.app import stage
from senso.tasks.attempts import guarded, keep

log = logger(__name__)


@stage("push")
def push(key: str, **_: object) -> str:
    with transaction() as db:
        work = pushes.claim(db, key, POLICY)
    base_url = settings().application_api_url
    if work is None or base_url is None:
        return key
    token = settings().api_token
    try:
        told = secret(token, "API_TOKEN") if token else None
        with guarded():
            handing_over.send(base_url, told, key, work.body)
    except (OutsideError, ConfigError) as error:
        log.warning("a push failed", push=key, tries=work.tries, error=str(error))
        reason, wait = str(error), min(POLICY.longest_push_wait_seconds, 5 * 2**work.tries)
        keep(lambda db: pushes.again(db, key, reason, wait, POLICY))
        return key
    failpoint("push sent")
    keep(lambda db: pushes.sent(db, key))
    log.info("pushed", batch=str(work.batch_id), tries=work.tries)
    return key
