"""Handles a signal only while the main thread waits for its connections, and so holds no lock that a thread needs.

Celery 5.7 waits for the pool's threads inside the handler of the signal that stops it. If that signal interrupts the
main thread while it submits a task to the pool, the main thread holds the lock that all thread pools of the process
share, and deadlocks with the threads.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from kombu.utils import eventio

AGAIN_SECONDS = 0.02
# After these tries it is handled wherever the main thread is: it may take long to wait for its connections, for example
# without Redis.
TRIES = 150


def defer_until_waiting(handler: Callable[..., Any]) -> Callable[..., None]:
    """For the main thread. Until it waits for its connections, the signal is repeated as SIGALRM."""
    tries = 0

    def calmly(number: int, frame: FrameType | None) -> None:
        nonlocal tries
        tries += 1
        if tries < TRIES and not is_waiting(frame):
            signal.signal(signal.SIGALRM, lambda _, later: calmly(number, later))
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            return
        tries = 0
        handler(number, frame)

    return calmly


def is_waiting(frame: FrameType | None) -> bool:
    """`frame`: where the main thread was interrupted; None when it was not."""
    return frame is None or frame.f_code.co_filename == eventio.__file__
