"""Publishes what a transaction has enqueued right after its commit, by the publisher that the process registered.

`senso.db.transaction` calls `begin` and `publish`; code that writes outbox rows calls `note`. So no caller passes on
the ids of rows to be published, and none can forget to publish them.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

# Takes ids of committed outbox rows; the relay sends what it cannot publish.
Publisher = Callable[[list[int]], None]
# A key in `info` of a pooled connection.
ENQUEUED = "senso enqueued"
registered: list[Publisher] = []


def register(publisher: Publisher) -> None:
    """Sets the publisher of this process; replaces an earlier one."""
    registered[:] = [publisher]


def begin(notes: MutableMapping[str, Any]) -> list[int]:
    """The list that `note` fills in this transaction. What a rolled-back transaction has noted is dropped."""
    enqueued: list[int] = []
    notes[ENQUEUED] = enqueued
    return enqueued


def note(notes: MutableMapping[str, Any], ids: Iterable[int]) -> None:
    """Raises LookupError, and so rolls back, if no publisher is registered."""
    enqueued = list(ids)
    if enqueued and not registered:
        raise LookupError("rows of the outbox are written in a process that has registered no publisher")
    notes.setdefault(ENQUEUED, []).extend(enqueued)


def publish(ids: list[int]) -> None:
    if ids:
        registered[0](ids)


@contextmanager
def later() -> Iterator[None]:
    """What is enqueued in the block is published at its end: a command can answer before it imports Celery."""
    former, kept = registered[:], list[int]()
    registered[:] = [kept.extend]
    try:
        yield
    finally:
        registered[:] = former
        publish(kept)
