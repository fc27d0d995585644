"""One event loop a process, in a thread of its own: hundreds of calls wait in it, and no thread waits for each.

A hundred threads that come back from their sockets fight for the interpreter: a run woke them up a hundred times, and
that cost more than all that was done for it.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["answers", "loop", "wait_for"]

T = TypeVar("T")
starting = threading.Lock()
running: asyncio.AbstractEventLoop | None = None


def loop() -> asyncio.AbstractEventLoop:
    global running  # noqa: PLW0603  one a process, whichever thread is first
    with starting:
        if running is None:
            running = asyncio.new_event_loop()
            threading.Thread(target=running.run_forever, name="loop", daemon=True).start()
        return running


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns or raises. For every thread but the loop's own."""
    return asyncio.run_coroutine_threadsafe(work, loop()).result()


def answers(seconds: float) -> bool:
    """Whether the loop comes round in that time; one that does not is stuck in what somebody runs in it."""
    came_round = threading.Event()
    loop().call_soon_threadsafe(came_round.set)
    return came_round.wait(seconds)
