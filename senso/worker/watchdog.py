"""Alive means getting on: a worker that is connected, answers a ping and takes nothing from its queues must go.

After some reconnects Celery's consumer stays like that for good (onyx#12274: a fleet idle for two days). Threads cannot
be repaired from inside, so the process ends, and whoever runs it starts it again: `senso up`, compose, systemd.
"""

import os
import sys
import threading
from collections.abc import Sequence

from senso import redis_server
from senso.errors import SensoError
from senso.event_loop import is_responsive
from senso.log import logger
from senso.runtime.heartbeat import heartbeat, stopping
from senso.runtime.progress import progress

LOOK_SECONDS = 10
ANSWER_SECONDS = 10
IDLE_SECONDS = 40  # I8 allows an idle worker beside a full queue for 60 s
WEDGED = 70
log = logger(__name__)


def watch(queues: Sequence[str]) -> None:
    """In a thread; `queues`: those from which this process takes."""
    heartbeat.queues = sorted(queues)
    heartbeat.idle_seconds = lambda: progress.idle_seconds() or None
    threading.Thread(target=watch_for_ever, args=(tuple(queues),), name="watchdog", daemon=True).start()


def watch_for_ever(queues: Sequence[str]) -> None:
    """Two looks in a row, so that a message that came this moment does not count against anybody.

    A loop that does not come round holds the runs of a whole process, while its heart, a thread, beats on.
    """
    suspicious = False
    while not stopping.wait(LOOK_SECONDS):
        was, suspicious = suspicious, is_wedged(queues) or not is_responsive(ANSWER_SECONDS)
        if was and suspicious:
            leave()


def is_wedged(queues: Sequence[str]) -> bool:
    """Idle for long beside messages of its own queues. While Redis is away, and until reconnecting had its time, nobody
    is to blame."""
    if progress.idle_seconds() < IDLE_SECONDS:
        return False
    try:
        return any(redis_server.waiting(queues).values())
    except SensoError:
        progress.restart_idle_time()
        return False


def leave() -> None:
    """At once, and not by an exception: this is a thread, and the one that should end is stuck."""
    log.error("is stuck and ends", idle_seconds=round(progress.idle_seconds()))
    sys.stderr.flush()
    os._exit(WEDGED)
