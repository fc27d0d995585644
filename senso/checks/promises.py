"""All promises, held against the rows and against the messages that are under way for them."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from senso.checks import messages
from senso.checks.messages import Found
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.queries.invariants import Check, Promise

CHECKS: tuple[Promise, ...] = tuple(sorted((*invariants.CHECKS, *messages.CHECKS), key=lambda check: check.promise))


def broken(queues: Sequence[str], visible_seconds: float, most_running: int, since: datetime | None = None) -> Found:
    """By promise up to 20 rows that break it; empty when all hold. Raises Unreachable where a server is away.

    `visible_seconds`: as of `messages.broken`. `most_running`: batches that may run at a time. `since`: of what is open
    or ended since then.
    """
    return in_rows(most_running, since) | in_messages(queues, visible_seconds)


def in_rows(most_running: int, since: datetime | None = None) -> Found:
    """Two sessions see the same moment and share the checks, so that a look at every row takes half as long."""
    left = deque(invariants.CHECKS)
    with transaction() as db, ThreadPoolExecutor(1, "promises") as beside:
        invariants.stand_still(db)
        others = beside.submit(in_rows_of, invariants.moment(db), left, most_running, since)
        found = invariants.broken(db, POLICY, most_running, since, only=taken(left)) | others.result()
    return {check.name: found[check.name] for check in invariants.CHECKS if check.name in found}


def in_rows_of(moment: str, left: deque[Check], most_running: int, since: datetime | None) -> Found:
    with transaction() as db:
        invariants.stand_beside(db, moment)
        return invariants.broken(db, POLICY, most_running, since, only=taken(left))


def taken(left: deque[Check]) -> Iterator[Check]:
    """Each to whoever comes first."""
    with suppress(IndexError):
        while True:
            yield left.popleft()


def in_messages(queues: Sequence[str], visible_seconds: float) -> Found:
    found = messages.broken(queues, visible_seconds)
    return {name: rows[: invariants.MOST_ROWS] for name, rows in found.items()}
