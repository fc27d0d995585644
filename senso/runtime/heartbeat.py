"""The id of this process, and its heartbeat, which shows the others that it is alive."""

import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from senso import supplied
from senso.db import Engine, connect, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import workers

BEAT_SECONDS = 3
log = logger(__name__)
stopping = threading.Event()


@lru_cache(maxsize=1)
def worker_id() -> str:
    """Unique: a new process must not inherit the leases of an earlier one with the same pid."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


def own_use() -> workers.Use:
    """Linux says how much memory is in use now; other systems only how much it was at most."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return workers.Use(used.ru_maxrss, used.ru_utime + used.ru_stime)  # in bytes on macOS
    return workers.Use(pages * resource.getpagesize(), used.ru_utime + used.ru_stime)


class Heartbeat:
    """`steady_since`: monotonic time since which no beat has failed; None before the first and after a failed one."""

    def __init__(self) -> None:
        self.steady_since: float | None = None
        self.started = False
        self.queues: Sequence[str] = ()  # empty until the worker is ready for messages
        self.idle_seconds: Callable[[], float | None] = lambda: None

    def beat(self) -> None:
        """Never raises: a heartbeat that stops makes the work of a living process look abandoned."""
        try:
            with transaction(own_engine()) as db:
                workers.beat(db, worker_id(), self.queues, self.idle_seconds(), own_use())
        except Exception as error:  # noqa: BLE001  see the docstring
            self.steady_since = None
            log.warning("no heartbeat", error=type(error).__name__)
            return
        self.steady_since = self.steady_since or time.monotonic()

    def run(self) -> None:
        while not stopping.is_set():
            self.beat()
            stopping.wait(BEAT_SECONDS)

    def start(self) -> None:
        """Beats before the first claim, then in its own thread, which slow calls cannot delay."""
        self.started = True
        self.beat()
        threading.Thread(target=self.run, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        stopping.set()
        try:
            with transaction() as db:
                workers.leave(db, worker_id())
        except SensoError as error:
            log.warning("left without saying so", error=str(error))

    def steady(self, seconds: float) -> bool:
        """Whether this process has reached Postgres for that long, so that every other living one could beat, too.

        True in a process without a heartbeat, such as one that calls a periodic task by hand.
        """
        if not self.started:
            return True
        return self.steady_since is not None and time.monotonic() - self.steady_since >= seconds


heartbeat = Heartbeat()


@lru_cache(maxsize=1)
def own_engine() -> Engine:
    """A connection for heartbeats alone, which calls cannot use up."""
    return connect(supplied.database().url, pool_size=1)
