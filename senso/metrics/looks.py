"""Reads one part of what a scrape shows, within the time that the scrape has.

A server that is frozen answers nothing, and a thread that waits for it cannot be ended: a scrape then goes on without
that part, and the next one waits for the same thread instead of starting another.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from senso.log import logger

log = logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """`value`: None if there was an error. `seconds`: that reading it took."""

    value: T | None
    seconds: float


class Look(Generic[T]):
    """`read` runs in a thread, one at a time. What fails is logged once, and once more when it works again."""

    def __init__(self, name: str, read: Callable[[], T]) -> None:
        self.name, self.read = name, read
        self.lock = Lock()
        self.under_way: Event | None = None
        self.found: Found[T] = Found(None, 0)
        self.fault = ""

    def start(self) -> Event:
        """Begins to read, unless that is under way. What it returns is set at the end."""
        with self.lock:
            if self.under_way is None or self.under_way.is_set():
                self.under_way = Event()
                Thread(target=self.run, args=(self.under_way,), name=f"look at {self.name}", daemon=True).start()
            return self.under_way

    def run(self, done: Event) -> None:
        began, value, fault = time.monotonic(), None, ""
        try:
            value = self.read()
        except Exception as error:  # noqa: BLE001  the scrape says that this part is missing
            fault = str(error).partition("\n")[0] or type(error).__name__
        self.found = Found(value, time.monotonic() - began)
        self.say(fault)
        done.set()

    def say(self, fault: str) -> None:
        if fault and not self.fault:
            log.warning("a part of the metrics is missing", part=self.name, error=fault)
        elif self.fault and not fault:
            log.warning("a part of the metrics is there again", part=self.name)
        self.fault = fault

    def within(self, done: Event, until: float) -> Found[T] | None:
        """What was found. `until`: monotonic time. None if the reading goes on."""
        return self.found if done.wait(max(0, until - time.monotonic())) else None
