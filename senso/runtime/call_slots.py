"""Call slots: how many runs a process works on at a time; the runs of a group are worked on concurrently in its loop.

What all runs of a group need at the same moment, such as their claims, is one statement for the group.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import lru_cache
from threading import Condition, Lock
from typing import Any, TypeVar

from senso import supplied
from senso.event_loop import wait_for

T = TypeVar("T")
Work = Coroutine[Any, Any, None]


class Stopping(Exception):
    """This process is shutting down and starts no further call."""


def groups(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


class CallSlots:
    """A caller waits here for a free slot before it claims, so that waiting holds no lease."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0
        self.is_closed = False
        self.turn = Lock()
        self.changed = Condition()

    def acquire(self, count: int) -> None:
        """First in, first out: large requests are not starved. A request for more than `count` slots waits for ever.

        Raises Stopping in a process that shuts down: a call that starts there is cut off, and paid for again elsewhere.
        """
        with self.turn, self.changed:
            self.changed.wait_for(lambda: self.is_closed or self.taken + count <= self.count)
            if self.is_closed:
                raise Stopping
            self.taken += count

    def release(self, count: int = 1) -> None:
        with self.changed:
            self.taken -= count
            self.changed.notify()

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify()


@lru_cache(maxsize=1)
def call_slots() -> CallSlots:
    """The slots of this process."""
    return CallSlots(supplied.calls_in_flight())


def run_concurrently(ids: Sequence[T], begin: Callable[[Sequence[T]], Sequence[Work]]) -> None:
    """`begin` claims the remaining work of `ids`. Raises the first error after all have ended; and Stopping."""
    for group in groups(ids, call_slots().count):
        call_slots().acquire(len(group))
        try:
            works = begin(group)
        except BaseException:
            call_slots().release(len(group))
            raise
        call_slots().release(len(group) - len(works))
        if works:
            wait_for(all_of(works))


async def all_of(works: Sequence[Work]) -> None:
    for ended in await asyncio.gather(*map(in_its_slot, works), return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


async def in_its_slot(work: Work) -> None:
    try:
        await work
    finally:
        call_slots().release()
