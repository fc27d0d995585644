"""Keeps the totals of the metrics up to date."""

import time

from senso.db import transaction
from senso.queries import totals

# Of one tick; the next goes on where this one stopped.
LONGEST_SECONDS = 5


def count() -> None:
    """Any number of processes may call it at any time."""
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        with transaction() as db:
            if not totals.count(db):
                return
