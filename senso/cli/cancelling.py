"""`cancel` and `retry`."""

import re
import sys
from typing import TYPE_CHECKING
from uuid import UUID

from senso import publishing
from senso.cli.acting_user import actor
from senso.cli.environment import connected, require_redis
from senso.cli.printing import err, out, print_json
from senso.cli.status import load, show
from senso.cli.stopping import said_of_under_way
from senso.db import looking
from senso.policy import POLICY
from senso.quantities import counted
from senso.reads import stopping
from senso.reads.status import BatchStatus
from senso.reads.stopping import UnderWay
from senso.records import record
from senso.settings import settings
from senso.states import BatchState, CancelOutcome

if TYPE_CHECKING:
    from senso.workflows.retry_estimates import Again

REFUSED_KEY = re.compile(r"the key in (\w+) was not accepted")
KEY = (
    "{name} was not accepted before. Mended in .env or in {name}_FILE it is taken without a restart; where the workers "
    "have it from their environment, restart `senso up` and say this again if it fails: senso retry {batch}"
)
SAID = {
    CancelOutcome.CANCELLED: "is cancelled: charged now for {charged} that had been read, and what was held is "
    "released",
    CancelOutcome.ALREADY: "is cancelled already; nothing was changed",
    CancelOutcome.FINISHED: "had read everything, so it has ended as what it is; there was nothing to cancel",
}


def cancel(batch: UUID, *, as_json: bool) -> None:
    """Works without Redis: it changes rows, and the relay sends the messages later.

    Answers before it publishes, since Celery takes long to import.
    """
    with connected(), publishing.later():
        from senso.workflows import cancelling  # noqa: PLC0415  most commands need none of it
        from senso.workflows.initiator import Initiator  # noqa: PLC0415

        done = cancelling.cancel(batch, Initiator(actor()), is_pushed=settings().application_api_url is not None)
        stands = load(batch)
        with looking() as db:
            going_on = stopping.under_way(db, [batch], POLICY.lease_seconds)
        if as_json:
            print_json(record(stands) | {"outcome": done.outcome, "under_way": going_on})
        else:
            print_cancelled(stands, done.outcome, done.charged, going_on)
        sys.stdout.flush()


def print_cancelled(stands: BatchStatus, outcome: CancelOutcome, charged: int, going_on: UnderWay) -> None:
    said = SAID[outcome].format(charged=counted(charged, "answer"))
    out.print(f"Batch {stands.id} {said}.", soft_wrap=True)
    if more := said_of_under_way(going_on):
        out.print(more)
    show(stands, as_json=False)


def retry(batch: UUID, *, as_json: bool) -> None:
    with connected():
        require_redis()
        from senso.workflows import retry_estimates, retrying  # noqa: PLC0415  providers take long to import, and most commands need none
        from senso.workflows.initiator import Initiator  # noqa: PLC0415

        before = load(batch)
        with looking() as db:
            again = retry_estimates.again_of(db, before.id, before.kind, before.planned)
        retrying.retry(batch, Initiator(actor()))
        stands = load(batch)
    if as_json:
        print_json(record(stands) | {"outcome": BatchState.QUEUED} | record(again))
        return
    out.print(f"Batch {batch} is queued again, as episode {stands.episode}: {todo(again)}.", soft_wrap=True)
    show(stands, as_json=False)
    key = REFUSED_KEY.search(before.error or "")
    if key:
        err.suggest(KEY.format(name=key[1], batch=batch))


def todo(again: "Again") -> str:
    asks, reads = again.asked_again, again.read_again
    if asks is None or reads is None:
        return "it had not been opened, and is opened now"
    asked, read = counted(asks, "run"), counted(reads, "answer")
    parts = ([f"{asked} will be asked again"] if asks else []) + ([f"{read} will be read again"] if reads else [])
    return " and ".join(parts) or "nothing is left to do"
