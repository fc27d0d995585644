"""The form of a tick: what beat calls, as often as it likes."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import current_task

from senso.tasks.app import stage

CLOSEST_SECONDS = 0.5
last: dict[str, float] = {}
lock = threading.Lock()


def tick(name: str) -> Callable[[Callable[..., None]], Any]:
    """A stage `senso.tick.<name>`. Of those that piled up behind an outage one in half a second is done.

    So a tick may live long in its queue. With a life of some seconds every tick would be found expired by a worker
    whose clock is ahead of beat's, and nothing would ever move again.
    """

    def made(function: Callable[..., None]) -> Any:
        @wraps(function)
        def unless_just_done(**options: Any) -> None:
            if current_task.request.called_directly or is_due(name):
                function(**options)

        return stage(f"tick.{name}")(unless_just_done)

    return made


def is_due(name: str) -> bool:
    with lock:
        now = time.monotonic()
        if now - last.get(name, -CLOSEST_SECONDS) < CLOSEST_SECONDS:
            return False
        last[name] = now
        return True
