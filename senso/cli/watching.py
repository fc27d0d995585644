"""`watch` and `--wait`: following batches until they end."""

from collections.abc import Collection, Sequence
from uuid import UUID

from senso.cli import following
from senso.cli.leaving import sigterm_as_exit
from senso.cli.outage_wait import Patience
from senso.cli.printing import err, out, print_json
from senso.cli.status import load_all, show
from senso.cli.summing import print_summary
from senso.db import looking
from senso.errors import SensoError
from senso.policy import POLICY
from senso.queries import workers
from senso.reads import status as queries
from senso.reads.status import BatchStatus
from senso.states import ENDED_BATCHES, BatchState

FEW = 5  # up to this many batches are drawn and printed one by one
MOST = 10_000


def watch(batches: Sequence[UUID], *, as_json: bool, without_steps: Collection[BatchState] = ()) -> list[BatchStatus]:
    """Waits until all have ended; then prints each one, or for many the totals and those that did not complete.

    After a batch of a network it waits for the batches that read its answers, too.

    Progress goes to stderr, so that stdout can be piped. Raises NotFound before any is drawn. `without_steps`: states
    for which the caller itself says what to do next.
    """
    patience, known = Patience(), following.Known()
    try:
        with sigterm_as_exit():
            following.follow(batches, known, patience, one_by_one=len(batches) <= FEW)
            if readers := following.readers(batches, known, patience):
                batches = [*batches, *readers]
                following.follow(batches, known, patience, one_by_one=len(batches) <= FEW)
            found = patience.ask(lambda: load_all(batches))
    except (KeyboardInterrupt, SystemExit):
        print_continuation(
            [batch for batch in batches if batch not in known or known[batch].state not in ENDED_BATCHES]
        )
        raise
    if as_json:
        print_json(found if len(found) > 1 else found[0])
    elif len(found) <= FEW:
        for one in found:
            show(one, as_json=False, next_steps=one.state not in without_steps)
    else:
        print_summary(found)
    return found


def watch_open(*, as_json: bool) -> None:
    """Watches all batches that are queued or running now, at most the oldest ten thousand."""
    with looking() as db:
        found = queries.open_ones(db, MOST)
    if found:
        watch(found, as_json=as_json)
    elif as_json:
        print_json([])
    else:
        out.suggest("No batch is queued or running. The latest: senso status")


def print_continuation(batches: Sequence[UUID]) -> None:
    """Says whether the batches go on: this command may have been the last one that kept the servers up."""
    if not batches:
        return
    one = len(batches) == 1
    what = f"Batch {batches[0]}" if one else f"{len(batches)} batches"
    again = f"senso watch {batches[0]}" if one else "senso watch"
    try:
        with looking() as db:
            working = workers.living(db, POLICY) > 0
        goes_on = ("goes on" if one else "go on") if working else ("waits" if one else "wait") + " for senso up"
    except SensoError:
        goes_on = ("goes on" if one else "go on") + " when Postgres is back"
    err.suggest(f"{what} {goes_on}; follow {'it' if one else 'them'} again: {again}")
