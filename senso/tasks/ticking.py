"""The form of a tick: what beat calls, as often as it likes."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import current_task

from senso.tasks.app import stage

CLOSEST_SECONDS = 0.1
last: dict[str, float] = {}
waiting: set[str] = set()
lock = threading.Lock()


def tick(name: str) -> Callable[[Callable[..., None]], Any]:
    """A stage `senso.tick.<name>`. Of those that piled up behind an outage ten a second are done.

    So a tick may live long in its queue. With a life of some seconds every tick would be found expired by a worker
    whose clock is ahead of beat's, and nothing would ever move again. Ticks send no events (`events.UNTOLD`).
    """

    def made(function: Callable[..., None]) -> Any:
        @wraps(function)
        def unless_just_done(**options: Any) -> None:
            if current_task.request.called_directly or its_turn(name):
                function(**options)

        return stage(f"tick.{name}", send_events=False)(unless_just_done)

    return made


def its_turn(name: str) -> bool:
    """Waits for it where the last one was a moment ago, since what it was sent for may be newer than that.

    False where somebody waits already: he will see what there is to see.
    """
    with lock:
        if name in waiting:
            return False
        waiting.add(name)
        seconds = last.get(name, -CLOSEST_SECONDS) + CLOSEST_SECONDS - time.monotonic()
    if seconds > 0:
        time.sleep(seconds)
    with lock:
        waiting.discard(name)
        last[name] = time.monotonic()
    return True
