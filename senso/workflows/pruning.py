"""Retention: answers, readings and calls of old batches are deleted, in steps that may end anywhere and go on later."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import chain
from uuid import UUID

from senso.db import looking, transaction
from senso.queries import pruning
from senso.queries.pruning import Limits
from senso.runtime.saving import retry_on_deadlock

LEAST_DAYS = 1
# Of a transaction: batches that are marked, and readings or runs that are deleted with what belongs to them.
MARKED_AT_ONCE = 100
DELETED_AT_ONCE = 100
FIRST = UUID(int=0)


@dataclass(slots=True)
class Pruned:
    """`batches`: those that were marked. `rows`: deleted, by table. `is_done`: nothing that may be pruned is left."""

    batches: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    is_done: bool = True


def limits(days: int, today: date, history_days: int) -> Limits:
    """Of networks nothing is pruned that is still read for an org that lacks it: `history_days` before `today`."""
    with transaction() as db:
        before = pruning.before(db, days)
    return Limits(before, min(before.date(), today - timedelta(days=history_days)))


def foresee(of: Limits) -> Counter[str]:
    with looking() as db:
        return pruning.foreseen(db, of)


def prune(of: Limits, seconds: float | None = None) -> Pruned:
    """`seconds`: it stops after the first step that ends later. What a killed process has left half-done goes first."""
    until = None if seconds is None else time.monotonic() + seconds
    found = Pruned()
    for step in steps(of, found):
        found.rows += step
        if until is not None and time.monotonic() > until:
            found.is_done = False
            break
    return found


def steps(of: Limits, found: Pruned) -> Iterator[Counter[str]]:
    """Each is one transaction; yields how many rows it has deleted, by table."""
    with transaction() as db:
        half_done = pruning.left(db)
    yield from emptied(half_done)
    for marked in chain(of_orgs(of), of_networks(of)):
        found.batches += len(marked)
        yield Counter()
        yield from emptied(marked)


def of_orgs(of: Limits) -> Iterator[Sequence[UUID]]:
    after = FIRST
    while True:
        with transaction() as db:
            ripe = pruning.ripe_orgs(db, of, after, MARKED_AT_ONCE)
        if not ripe:
            return
        after = ripe[-1]
        yield retry_on_deadlock(partial(pruning.mark_orgs, limits=of, ids=ripe))


def of_networks(of: Limits) -> Iterator[Sequence[UUID]]:
    with transaction() as db:
        ripe = pruning.ripe_networks(db, of)
    for day in ripe:
        yield retry_on_deadlock(partial(pruning.mark_network, limits=of, of=day))


def emptied(batches: Sequence[UUID]) -> Iterator[Counter[str]]:
    for batch in batches:
        while step := retry_on_deadlock(partial(pruning.delete_some, batch=batch, most=DELETED_AT_ONCE)):
            yield step
