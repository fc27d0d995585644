"""Keeps the totals of the metrics up to date, and how long work has waited."""

import time

from senso.db import transaction
from senso.queries import backlogs, totals
from senso.reads import gauges

# Of one tick; the next goes on where this one stopped.
LONGEST_SECONDS = 5


def count() -> None:
    """Any number of processes may call it at any time."""
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        with transaction() as db:
            if not totals.count(db):
                return


def keep_backlog() -> None:
    """Once in ten minutes, whoever comes first."""
    with transaction() as db:
        if backlogs.is_due(db):
            backlogs.write(db, gauges.waiting(db))
