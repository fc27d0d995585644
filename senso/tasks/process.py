"""Who this process is, and its heartbeat: a dead process is noticed, not waited out."""

import os
import socket
import threading
from functools import lru_cache
from typing import Any
from uuid import uuid4

from celery.signals import worker_ready, worker_shutdown

from senso.db import transaction
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


def beat_for_ever() -> None:
    while not stopping.is_set():
        beat()
        stopping.wait(BEAT_SECONDS)


def beat() -> None:
    try:
        with transaction() as db:
            workers.beat(db, owner())
    except SensoError as error:
        log.warning("no heartbeat", error=str(error))


@worker_ready.connect
def start_heart(**_: Any) -> None:
    """A thread of its own, so that a hundred slow calls in the pool cannot silence it."""
    threading.Thread(target=beat_for_ever, name="heart", daemon=True).start()


@worker_shutdown.connect
def stop_heart(**_: Any) -> None:
    stopping.set()
    try:
        with transaction() as db:
            workers.leave(db, owner())
    except SensoError as error:
        log.warning("left without saying so", error=str(error))
