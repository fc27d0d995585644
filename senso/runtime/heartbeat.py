"""The id of this process and its heartbeat, by which others see that it is alive."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
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
    """Unique: a new process must not inherit the leases of one that had its pid."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


class Heartbeat:
    """`steady_since` is the monotonic time from which no beat has failed; None before the first."""

    def __init__(self) -> None:
        self.steady_since: float | None = None
        self.started = False
        self.queues: Sequence[str] = ()  # none before the worker is ready for messages
        self.idle_seconds: Callable[[], float | None] = lambda: None

    def beat(self) -> None:
        """Never raises: a heartbeat that stops makes the work of a living process look abandoned."""
        try:
            with transaction(own_engine()) as db:
                workers.beat(db, worker_id(), self.queues, self.idle_seconds())
        except Exception as error:  # noqa: BLE001  said in the docstring
            self.steady_since = None
            log.warning("no heartbeat", error=type(error).__name__)
            return
        self.steady_since = self.steady_since or time.monotonic()

    def run(self) -> None:
        while not stopping.is_set():
            self.beat()
            stopping.wait(BEAT_SECONDS)

    def start(self) -> None:
        """In a thread of its own, which slow calls cannot delay; the first beat comes before the first claim."""
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
        """Whether this process has reached Postgres for so long that every other living one has had time to beat, too.

        True in a process without a heartbeat, such as one in which a periodic task is called by hand.
        """
        if not self.started:
            return True
        return self.steady_since is not None and time.monotonic() - self.steady_since >= seconds


heartbeat = Heartbeat()


@lru_cache(maxsize=1)
def own_engine() -> Engine:
    """A connection that no call can take away."""
    return connect(supplied.database().url, pool_size=1)
