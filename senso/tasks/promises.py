"""All promises, held against the rows and against the messages that are under way for them."""

from datetime import datetime

from senso.checks import messages
from senso.checks.messages import Found
from senso.db import transaction
from senso.queries import invariants
from senso.queries.invariants import Promise
from senso.tasks.queues import ALL_QUEUES, VISIBILITY_SECONDS

CHECKS: tuple[Promise, ...] = tuple(sorted((*invariants.CHECKS, *messages.CHECKS), key=lambda check: check.promise))


def broken(since: datetime | None = None) -> Found:
    """By promise up to 20 rows that break it; empty when all hold. Raises Unreachable where a server is away."""
    return in_rows(since) | in_messages()


def in_rows(since: datetime | None = None) -> Found:
    """`since`: of what is open or ended since then."""
    with transaction() as db:
        invariants.stand_still(db)
        return invariants.broken(db, since)


def in_messages() -> Found:
    found = messages.broken(ALL_QUEUES, VISIBILITY_SECONDS)
    return {name: rows[: invariants.MOST_ROWS] for name, rows in found.items()}
