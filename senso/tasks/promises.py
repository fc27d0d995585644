"""All promises, held against the rows and against the messages that are under way for them."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from senso.checks import messages
from senso.checks.messages import Found
from senso.db import Connection, transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.queries.invariants import Check, Promise
from senso.settings import settings
from senso.tasks.queues import ALL_QUEUES, VISIBILITY_SECONDS

CHECKS: tuple[Promise, ...] = tuple(sorted((*invariants.CHECKS, *messages.CHECKS), key=lambda check: check.promise))


def broken(since: datetime | None = None) -> Found:
    """By promise up to 20 rows that break it; empty when all hold. Raises Unreachable where a server is away."""
    return in_rows(since) | in_messages()


def in_rows(since: datetime | None = None) -> Found:
    """`since`: of what is open or ended since then.

    Two sessions see the same moment and share the checks: a look at every row takes little more than half as long.
    """
    left = deque(invariants.CHECKS)
    with transaction() as db, ThreadPoolExecutor(1, "promises") as beside:
        invariants.stand_still(db)
        others = beside.submit(in_rows_of, invariants.moment(db), left, since)
        found = all_left(db, since, left) | others.result()
    return {check.name: found[check.name] for check in invariants.CHECKS if check.name in found}


def in_rows_of(moment: str, left: deque[Check], since: datetime | None) -> Found:
    with transaction() as db:
        invariants.stand_beside(db, moment)
        return all_left(db, since, left)


def all_left(db: Connection, since: datetime | None, left: deque[Check]) -> Found:
    return invariants.broken(db, POLICY, settings().max_running_batches, since, only=taken(left))


def taken(left: deque[Check]) -> Iterator[Check]:
    """Each to whoever comes first."""
    with suppress(IndexError):
        while True:
            yield left.popleft()


def in_messages() -> Found:
    found = messages.broken(ALL_QUEUES, VISIBILITY_SECONDS)
    return {name: rows[: invariants.MOST_ROWS] for name, rows in found.items()}
