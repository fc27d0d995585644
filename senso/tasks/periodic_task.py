"""The decorator of periodic tasks: beat may send them as often as it likes."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import current_task

from senso.errors import Unreachable
from senso.log import logger
from senso.tasks.app import task

log = logger(__name__)
CLOSEST_SECONDS = 0.1
last: dict[str, float] = {}
waiting: set[str] = set()
lock = threading.Lock()


class Outage:
    """Without Postgres a tick does nothing, and the next one follows within a second: the outage is logged once."""

    def __init__(self) -> None:
        self.since: float | None = None

    def run(self, work: Callable[..., None], options: dict[str, Any]) -> None:
        try:
            work(**options)
        except Unreachable as error:
            if self.since is None:
                log.warning("periodic tasks paused: Postgres is not reachable", error=str(error))
            self.since = self.since or time.monotonic()
            return
        if self.since is not None:
            log.warning("periodic tasks resumed", seconds=round(time.monotonic() - self.since))
            self.since = None


outage = Outage()


def periodic(name: str) -> Callable[[Callable[..., None]], Any]:
    """A task `senso.tick.<name>`. Of ticks that piled up during an outage, at most ten a second run.

    So ticks need no expiry. With one of a few seconds, a worker whose clock is ahead of beat's would find every tick
    expired, and all work would stop. Ticks send no events (`events.UNTOLD`).
    """

    def made(function: Callable[..., None]) -> Any:
        @wraps(function)
        def unless_just_done(**options: Any) -> None:
            if current_task.request.called_directly:
                function(**options)
            elif wait_for_turn(name):
                outage.run(function, options)

        return task(f"tick.{name}", send_events=False)(unless_just_done)

    return made


def wait_for_turn(name: str) -> bool:
    """Waits if the last one ran a moment ago, since the reason for this tick may be newer than that run.

    False if another thread waits already: it will see the same rows.
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
