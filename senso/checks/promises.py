"""Checks all promises, against the rows and against the messages in Redis."""

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
    """Returns up to 20 violating rows by promise; empty if all hold. Raises Unreachable if a server is down.

    `visible_seconds`: as in `messages.broken`. `most_running`: batches that may run at a time. `since`: limits the
    checks to what is open or ended since then.
    """
    return in_rows(most_running, since) | in_messages(queues, visible_seconds)


def in_rows(most_running: int, since: datetime | None = None) -> Found:
    """Two sessions share one snapshot and divide the checks, so that a look at every row takes half as long."""
    left = deque(invariants.CHECKS)
    with transaction() as db, ThreadPoolExecutor(1, "promises") as beside:
        invariants.use_snapshot(db)
        others = beside.submit(in_rows_of, invariants.moment(db), left, most_running, since)
        found = invariants.broken(db, POLICY, most_running, since, only=taken(left)) | others.result()
    return {check.name: found[check.name] for check in invariants.CHECKS if check.name in found}


def in_rows_of(moment: str, left: deque[Check], most_running: int, since: datetime | None) -> Found:
    with transaction() as db:
        invariants.import_snapshot(db, moment)
        return invariants.broken(db, POLICY, most_running, since, only=taken(left))


def taken(left: deque[Check]) -> Iterator[Check]:
    """Yields checks until none is left. Each check goes to one session only."""
    with suppress(IndexError):
        while True:
            yield left.popleft()


def in_messages(queues: Sequence[str], visible_seconds: float) -> Found:
    found = messages.broken(queues, visible_seconds)
    return {name: rows[: invariants.MOST_ROWS] for name, rows in found.items()}
