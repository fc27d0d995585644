"""The runs of one message, side by side in the loop of this process.

A message costs a worker as much CPU as all that is done for one of its runs, so a message carries a handful; and what
many runs need at the same moment, such as their claims, is one statement.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import lru_cache
from threading import Condition, Lock
from typing import Any, TypeVar

from celery.exceptions import Reject
from celery.signals import worker_ready

from senso.loop import wait_for
from senso.settings import settings
from senso.tasks.calm import at_a_calm_moment
from senso.tasks.queues import HANDFUL

T = TypeVar("T")
Work = Coroutine[Any, Any, None]


def handfuls(ids: Sequence[T], size: int = HANDFUL) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


class Places:
    """So many runs at a time in this process: who has none waits, and claims nothing meanwhile."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0
        self.is_closed = False
        self.turn = Lock()
        self.changed = Condition()

    def take(self, count: int) -> None:
        """Whoever waits for many is not passed by for ever by those who want few. More than there are never come.

        Raises Reject in a process that stops: a call that begins there is cut off, and paid for again elsewhere.
        """
        with self.turn, self.changed:
            self.changed.wait_for(lambda: self.is_closed or self.taken + count <= self.count)
            if self.is_closed:
                raise Reject("this worker stops", requeue=True)
            self.taken += count

    def give_back(self, count: int = 1) -> None:
        with self.changed:
            self.taken -= count
            self.changed.notify()

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify()


@lru_cache(maxsize=1)
def places() -> Places:
    return Places(settings().calls_in_flight)


@worker_ready.connect
def close_when_told_to_stop(**_: Any) -> None:
    """By the signal itself: Celery says that a worker stops only when the time that it gives its tasks is over."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        former = signal.getsignal(number)
        if callable(former):
            signal.signal(number, closing_first(former))


def closing_first(former: Callable[..., Any]) -> Callable[..., None]:
    stop = at_a_calm_moment(former)

    def closing(*said: Any) -> None:
        places().close()
        stop(*said)

    return closing


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
