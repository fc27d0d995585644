"""What a transaction has enqueued is published right after its commit, by the publisher that the process registered.

`senso.db.transaction` calls `begin` and `publish`; whoever writes rows of the outbox calls `note`. So nobody passes on
ids of rows that are to be published, and nobody can forget to publish them.
"""

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

# Takes ids of rows in the outbox, which are committed; what it cannot publish is left to the relay.
Publisher = Callable[[list[int]], None]
# In the notes of a pooled connection.
ENQUEUED = "senso enqueued"
registered: list[Publisher] = []


def register(publisher: Publisher) -> None:
    """Of this process; a later one takes the place of an earlier one."""
    registered[:] = [publisher]


def begin(notes: MutableMapping[str, Any]) -> list[int]:
    """The list that this transaction's `note` fills. What a transaction that was rolled back has noted is gone."""
    enqueued: list[int] = []
    notes[ENQUEUED] = enqueued
    return enqueued


def note(notes: MutableMapping[str, Any], ids: Iterable[int]) -> None:
    """Raises LookupError, and so rolls back, where nobody is registered who could publish them."""
    enqueued = list(ids)
    if enqueued and not registered:
        raise LookupError("rows of the outbox are written in a process that has registered no publisher")
    notes.setdefault(ENQUEUED, []).extend(enqueued)


def publish(ids: list[int]) -> None:
    if ids:
        registered[0](ids)
