"""A signal is handled while the main thread waits for its connections, and so holds no lock that a thread needs.

Celery 5.7 waits for the pool's threads inside the handler of the signal that stops it. Where that signal interrupts the
main thread as it hands a task to the pool, it holds the lock that every thread pool of the process shares: the threads
wait for the main thread, and the main thread for them.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from kombu.utils import eventio

AGAIN_SECONDS = 0.02
# Then it is handled wherever the main thread is: it may be away from its connections for long, as without Redis.
TRIES = 150


def at_a_calm_moment(handler: Callable[..., Any]) -> Callable[..., None]:
    """For the main thread. Until then the signal comes again, as SIGALRM."""
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
    """`frame` is where the main thread was interrupted; None when nobody was."""
    return frame is None or frame.f_code.co_filename == eventio.__file__
