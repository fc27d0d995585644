"""One event loop per process, in a thread of its own: hundreds of calls wait in it without a thread each.

A hundred threads that return from their sockets compete for the interpreter lock: a run woke them up a hundred times,
which cost more than all the other work for it.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["event_loop", "is_responsive", "wait_for"]

T = TypeVar("T")
starting = threading.Lock()
running: asyncio.AbstractEventLoop | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    global running  # noqa: PLW0603  one per process, whichever thread comes first
    with starting:
        if running is None:
            running = asyncio.new_event_loop()
            threading.Thread(target=running.run_forever, name="loop", daemon=True).start()
        return running


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Returns or raises what the coroutine does. Must not be called from the loop's own thread."""
    return asyncio.run_coroutine_threadsafe(work, event_loop()).result()


def is_responsive(seconds: float) -> bool:
    """Whether the loop completes an iteration in that time; if not, something blocks it."""
    came_round = threading.Event()
    event_loop().call_soon_threadsafe(came_round.set)
    return came_round.wait(seconds)
