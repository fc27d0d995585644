"""Alive means getting on: a worker that is connected, answers a ping and takes nothing from its queues must go.

After some reconnects Celery's consumer stays like that for good (onyx#12274: a fleet idle for two days). Threads cannot
be repaired from inside, so the process ends, and whoever runs it starts it again: `senso up`, compose, systemd.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_ready

from senso import redis_server
from senso.errors import SensoError
from senso.log import logger
from senso.loop import answers
from senso.tasks.app import app
from senso.tasks.process import heart, stopping

LOOK_SECONDS = 10
ANSWER_SECONDS = 10
IDLE_SECONDS = 40  # I8 allows an idle worker beside a full queue for 60 s
WEDGED = 70
log = logger(__name__)


class Progress:
    """Counts what this process has under way. `monotonic` is injected where a test cannot wait."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self.under_way = 0
        self.last = monotonic()
        self.lock = threading.Lock()

    def began(self, **_: Any) -> None:
        with self.lock:
            self.under_way += 1
            self.last = self.monotonic()

    def ended(self, **_: Any) -> None:
        with self.lock:
            self.under_way -= 1
            self.last = self.monotonic()

    def excused(self) -> None:
        """From now on it counts again."""
        with self.lock:
            self.last = self.monotonic()

    def idle_seconds(self) -> float:
        """0 while anything is under way."""
        with self.lock:
            return 0 if self.under_way else self.monotonic() - self.last


progress = Progress()
task_prerun.connect(progress.began, weak=False)
task_postrun.connect(progress.ended, weak=False)


@worker_ready.connect
def watch(**_: Any) -> None:
    heart.queues = sorted(app.amqp.queues.consume_from)
    heart.idle_seconds = lambda: progress.idle_seconds() or None
    threading.Thread(target=watch_for_ever, name="liveness", daemon=True).start()


def watch_for_ever() -> None:
    """Two looks in a row, so that a message that came this moment does not count against anybody.

    A loop that does not come round holds the runs of a whole process, while its heart, a thread, beats on.
    """
    suspicious = False
    while not stopping.wait(LOOK_SECONDS):
        was, suspicious = suspicious, is_wedged() or not answers(ANSWER_SECONDS)
        if was and suspicious:
            leave()


def is_wedged() -> bool:
    """Idle for long beside messages of its own queues. While Redis is away, and until reconnecting had its time, nobody
    is to blame."""
    if progress.idle_seconds() < IDLE_SECONDS:
        return False
    try:
        return any(redis_server.waiting(tuple(app.amqp.queues.consume_from)).values())
    except SensoError:
        progress.excused()
        return False


def leave() -> None:
    """At once, and not by an exception: this is a thread, and the one that should end is stuck."""
    log.error("is stuck and ends", idle_seconds=round(progress.idle_seconds()))
    sys.stderr.flush()
    os._exit(WEDGED)
