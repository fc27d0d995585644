"""Calls end in time as a whole. A read timeout starts again with each byte, and a server that drips would be waited on.

One thread looks each second at what is under way and shuts the socket of a call that is over its time; whoever waits
on it then finds it closed.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["Pool", "TLSPool", "limited"]

LOOK_SECONDS = 1.0


@dataclass(slots=True)
class UnderWay:
    ends_at: float  # by the monotonic clock
    connection: Any = None  # None until one is chosen
    is_over: bool = False

    def end(self) -> None:
        """Past the TLS layer, whose own goodbye would wait for the server's."""
        self.is_over = True
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class OfThisThread(threading.local):
    call: UnderWay | None = None


of_this_thread = OfThisThread()
under_way: dict[int, UnderWay] = {}


@contextmanager
def limited(seconds: float) -> Iterator[UnderWay]:
    """For one call by this thread. When it was ended here, `is_over` says so."""
    watch_once()
    call = UnderWay(time.monotonic() + seconds)
    of_this_thread.call = under_way[id(call)] = call
    try:
        yield call
    finally:
        of_this_thread.call = None
        del under_way[id(call)]


@lru_cache(maxsize=1)
def watch_once() -> threading.Thread:
    thread = threading.Thread(target=watch_for_ever, name="overtime", daemon=True)
    thread.start()
    return thread


def watch_for_ever() -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        for call in list(under_way.values()):
            if call.ends_at < now:
                call.end()


class Known:
    """A connection that tells the call of its thread that it is the one."""

    def request(self, *arguments: Any, **options: Any) -> None:
        if of_this_thread.call is not None:
            of_this_thread.call.connection = self
        super().request(*arguments, **options)  # type: ignore[misc]


class Connection(Known, HTTPConnection):
    pass


class TLSConnection(Known, HTTPSConnection):
    pass


class Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = TLSConnection
