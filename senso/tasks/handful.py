"""The runs of one message, side by side in the loop of this process.

A message costs a worker as much CPU as all that is done for one of its runs, so a message carries a handful; and what
many runs need at the same moment, such as their claims, is one statement.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import lru_cache
from threading import Condition, Lock
from typing import Any, TypeVar

from senso.loop import wait_for
from senso.settings import settings

T = TypeVar("T")
Work = Coroutine[Any, Any, None]
# Twice as many would save a twentieth of a run's CPU more, and a chord counts a member when its slowest run has ended.
HANDFUL = 10


def handfuls(ids: Sequence[T], size: int = HANDFUL) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


class Places:
    """So many runs at a time in this process: who has none waits, and claims nothing meanwhile."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0
        self.turn = Lock()
        self.changed = Condition()

    def take(self, count: int) -> None:
        """Whoever waits for many is not passed by for ever by those who want few. More than there are never come."""
        with self.turn, self.changed:
            self.changed.wait_for(lambda: self.taken + count <= self.count)
            self.taken += count

    def give_back(self, count: int = 1) -> None:
        with self.changed:
            self.taken -= count
            self.changed.notify()


@lru_cache(maxsize=1)
def places() -> Places:
    return Places(settings().calls_in_flight)


def side_by_side(ids: Sequence[T], begin: Callable[[Sequence[T]], Sequence[Work]]) -> None:
    """`begin` claims what is left to do for `ids`. Raises the first error, once all have ended."""
    for some in handfuls(ids, places().count):
        places().take(len(some))
        try:
            works = begin(some)
        except BaseException:
            places().give_back(len(some))
            raise
        places().give_back(len(some) - len(works))
        if works:
            wait_for(all_of(works))


async def all_of(works: Sequence[Work]) -> None:
    for ended in await asyncio.gather(*map(in_its_place, works), return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


async def in_its_place(work: Work) -> None:
    try:
        await work
    finally:
        places().give_back()
