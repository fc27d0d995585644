"""Who this process is, and its heartbeat: a dead process is noticed, not waited out."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from uuid import uuid4

from celery.signals import worker_init, worker_shutdown

from senso import supplied
from senso.db import Engine, connect, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import workers

BEAT_SECONDS = 3
log = logger(__name__)
stopping = threading.Event()


@lru_cache(maxsize=1)
def owner() -> str:
    """Never the same twice: a new process must not inherit the leases of one that had its pid."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


class Heart:
    """`steady_since` is the monotonic moment from which no beat has failed; None before the first."""

    def __init__(self) -> None:
        self.steady_since: float | None = None
        self.started = False
        self.queues: Sequence[str] = ()  # none before the worker is ready for messages
        self.idle_seconds: Callable[[], float | None] = lambda: None

    def beat(self) -> None:
        """Whatever goes wrong, the next beat must come: a heart that stops makes living work look abandoned."""
        try:
            with transaction(own_engine()) as db:
                workers.beat(db, owner(), self.queues, self.idle_seconds())
        except Exception as error:  # noqa: BLE001  said in the docstring
            self.steady_since = None
            log.warning("no heartbeat", error=type(error).__name__)
            return
        self.steady_since = self.steady_since or time.monotonic()

    def beat_for_ever(self) -> None:
        while not stopping.is_set():
            self.beat()
            stopping.wait(BEAT_SECONDS)

    def steady(self, seconds: float) -> bool:
        """Whether this process has reached Postgres for so long that everybody who lives has had time to beat too.

        True in a process without a heart: whoever calls a tick by hand knows what he does.
        """
        if not self.started:
            return True
        return self.steady_since is not None and time.monotonic() - self.steady_since >= seconds


heart = Heart()


@lru_cache(maxsize=1)
def own_engine() -> Engine:
    """A connection that no call can take away."""
    return connect(supplied.database().url, pool_size=1)


@worker_init.connect
def start_heart(**_: Any) -> None:
    """A thread of its own, so that a hundred slow calls cannot silence it; the first beat before the first claim."""
    heart.started = True
    heart.beat()
    threading.Thread(target=heart.beat_for_ever, name="heart", daemon=True).start()


@worker_shutdown.connect
def stop_heart(**_: Any) -> None:
    stopping.set()
    try:
        with transaction() as db:
            workers.leave(db, owner())
    except SensoError as error:
        log.warning("left without saying so", error=str(error))
