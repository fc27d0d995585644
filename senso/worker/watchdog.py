"""Ends a worker without progress: it is connected and answers pings, but takes nothing from its queues.

After some reconnects Celery's consumer stays in that state (onyx#12274: a fleet idle for two days). Threads cannot be
repaired from inside, so the process ends, and its supervisor restarts it: `senso up`, compose, systemd.
"""

import os
import sys
import threading
from collections.abc import Sequence

from senso import redis_access
from senso.errors import SensoError
from senso.event_loop import is_responsive
from senso.log import logger
from senso.runtime.heartbeat import heartbeat, stopping
from senso.runtime.progress import progress

LOOK_SECONDS = 10
ANSWER_SECONDS = 10
IDLE_SECONDS = 40  # invariant I8 allows an idle worker with messages in its queues for 60 s
WEDGED = 70
log = logger(__name__)


def watch(queues: Sequence[str]) -> None:
    """Starts the watchdog's thread. `queues`: those from which this process takes messages."""
    heartbeat.queues = sorted(queues)
    heartbeat.idle_seconds = lambda: progress.idle_seconds() or None
    threading.Thread(target=watch_for_ever, args=(tuple(queues),), name="watchdog", daemon=True).start()


def watch_for_ever(queues: Sequence[str]) -> None:
    """Requires two suspicious looks in a row, so that a message that has just arrived does not count.

    A blocked event loop holds all runs of the process, while the heartbeat, in its own thread, continues.
    """
    suspicious = False
    while not stopping.wait(LOOK_SECONDS):
        was, suspicious = suspicious, is_wedged(queues) or not is_responsive(ANSWER_SECONDS)
        if was and suspicious:
            leave()


def is_wedged(queues: Sequence[str]) -> bool:
    """Whether it has been idle for long while its own queues hold messages.

    False while Redis is unreachable, and after that for IDLE_SECONDS, the time to reconnect.
    """
    if progress.idle_seconds() < IDLE_SECONDS:
        return False
    try:
        return any(redis_access.waiting(queues).values())
    except SensoError:
        progress.restart_idle_time()
        return False


def leave() -> None:
    """Exits at once, not by an exception: this is the watchdog's thread, and the one that should end is stuck."""
    log.error("is stuck and ends", idle_seconds=round(progress.idle_seconds()))
    sys.stderr.flush()
    os._exit(WEDGED)
