"""Waits while the database is unreachable, if this command has reached it before."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from senso.cli.printing import err
from senso.errors import Unreachable

T = TypeVar("T")
AGAIN_SECONDS = 1
# Embedded servers do not come back under the same URL, and the command may run unattended.
LONGEST_SECONDS = 3600


class Patience:
    """Prints a line when the database stops answering, and one when it is back."""

    def __init__(self) -> None:
        self.has_answered = False

    def ask(self, look: Callable[[], T]) -> T:
        """Raises Unreachable if it has never answered, which suggests wrong settings, or not for an hour."""
        away_since: float | None = None
        while True:
            try:
                found = look()
            except Unreachable as error:
                if not self.has_answered:
                    raise
                away_since = away_since or self.gone(error)
                if time.monotonic() - away_since > LONGEST_SECONDS:
                    raise
                time.sleep(AGAIN_SECONDS)
                continue
            self.has_answered = True
            if away_since is not None:
                err.print(f"Postgres is back after {time.monotonic() - away_since:.0f} s.")
            return found

    def gone(self, error: Unreachable) -> float:
        said = str(error).removeprefix("Postgres: ").partition("; ")[0]
        now = f"{datetime.now(UTC):%H:%M:%S} UTC"
        err.print(f"Postgres does not answer since {now}; waiting for it, up to an hour ({said}).")
        return time.monotonic()
