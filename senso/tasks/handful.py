"""The runs of one message, side by side in threads of their own.

A message costs a worker as much CPU as all that is done for one of its runs, so a message carries a handful; and what
many runs need at the same moment, such as their claims, is one statement.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import lru_cache
from threading import Condition, Lock
from typing import Any, TypeVar

from senso.settings import settings

T = TypeVar("T")
Work = Callable[[], object]
# Twice as many save a twentieth of a run's CPU more, and all of them wait for the slowest before their chord counts.
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
    return Places(settings().call_threads)


@lru_cache(maxsize=1)
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(places().count, "run")


def side_by_side(ids: Sequence[T], begin: Callable[[Sequence[T]], Sequence[Work]]) -> None:
    """`begin` claims what is left to do for some of `ids`. Raises the first error, once all have ended."""
    under_way: list[Future[Any]] = []
    for some in handfuls(ids, min(HANDFUL, places().count)):
        under_way += begun(some, begin)
    wait(under_way)
    for one in under_way:
        one.result()


def begun(some: Sequence[T], begin: Callable[[Sequence[T]], Sequence[Work]]) -> list[Future[Any]]:
    places().take(len(some))
    left = len(some)
    try:
        under_way = [threads().submit(copy_context().run, work) for work in begin(some)]
        for one in under_way[:left]:
            one.add_done_callback(lambda _: places().give_back())
            left -= 1
    finally:
        places().give_back(left)
    return under_way
