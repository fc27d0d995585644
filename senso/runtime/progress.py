"""How many tasks a process is working on, and since when it has been idle."""

import threading
import time
from collections.abc import Callable
from typing import Any


class Progress:
    """`monotonic`: the clock; a test replaces it instead of waiting."""

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

    def restart_idle_time(self) -> None:
        with self.lock:
            self.last = self.monotonic()

    def idle_seconds(self) -> float:
        """0 while anything is under way."""
        with self.lock:
            return 0 if self.under_way else self.monotonic() - self.last


progress = Progress()
