"""Work that waits for Postgres or Redis, in threads.

A server that is frozen answers nothing, and a thread that waits for it cannot be ended. So a request stops waiting by
itself, and the threads are daemons, which do not keep the process from ending.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from http import HTTPStatus
from threading import Thread
from typing import TypeVar

from senso.api.problems import Problem

# Less than the server gives requests at its end, so that each is answered.
ANSWER_SECONDS = 8
BUSY = "the database did not take them in time; send them again"
ENDING = "the API ends, and the database did not take them in time; send them again"
T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()
    context = copy_context()

    def run() -> None:
        try:
            done.set_result(context.run(work))
        except Exception as error:  # noqa: BLE001  whoever awaits it gets it
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(done)


class Places:
    """`most` pieces of work at a time. A piece that hangs keeps its place, since it keeps its connection."""

    def __init__(self, most: int, seconds: float = ANSWER_SECONDS) -> None:
        self.free, self.seconds = asyncio.Semaphore(most), seconds

    async def run(self, work: Callable[[], T], more_seconds: float = 0) -> T:
        """Raises what the work raises, or Problem if it has not ended in time; it may end later."""
        try:
            async with asyncio.timeout(self.seconds + more_seconds):
                await self.free.acquire()
                done = in_thread(work)
                done.add_done_callback(self.leave)
                return await asyncio.shield(done)
        except TimeoutError:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, BUSY) from None
        except asyncio.CancelledError:  # by the server, whose time to end is over
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, ENDING) from None

    def leave(self, done: asyncio.Future[T]) -> None:
        self.free.release()
        done.exception()  # nobody may be waiting for it any more
