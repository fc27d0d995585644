"""A thread that looks for what is to be told, in every process that runs for long: workers, beat, the API.

It is no tick: a beat that has died, or a control worker, must be noticed by those that are left. They take turns by
rows, so that more processes look no more often.
"""

import threading
import time
from typing import Final

from senso import supplied
from senso.db import transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import alarms
from senso.runtime.heartbeat import stopping
from senso.workflows.alarms import looking, sending

log = logger(__name__)
LOOK_SECONDS: Final = 10
# For so long the control worker has the first try.
LATE_SECONDS: Final = 5
# Slack takes about one message a second.
BETWEEN_SECONDS: Final = 1.1


class Watch:
    """`since`: monotonic time since which no look has failed; None before the first."""

    def __init__(self) -> None:
        self.since: float | None = None

    def once(self) -> None:
        """Never raises: the next look must come."""
        try:
            looking.look(self.seconds())
            self.send_late()
        except SensoError as error:
            self.missed(str(error))
        except Exception as error:  # noqa: BLE001  see the docstring
            self.missed(type(error).__name__)
        else:
            self.since = time.monotonic() if self.since is None else self.since

    def seconds(self) -> float:
        return 0 if self.since is None else time.monotonic() - self.since

    def missed(self, error: str) -> None:
        """After an outage of Postgres nobody seems alive: who was not there cannot say who was."""
        if self.since is not None:
            log.warning("could not look for alarms", error=error)
        self.since = None

    def send_late(self) -> None:
        if supplied.alarming().url is None:
            return
        with transaction() as db:
            late = alarms.due(db, LATE_SECONDS)
        for number, message in enumerate(late):
            if (number and stopping.wait(BETWEEN_SECONDS)) or not sending.deliver(message):
                return

    def run(self) -> None:
        while not stopping.wait(LOOK_SECONDS):
            self.once()


def start() -> None:
    threading.Thread(target=Watch().run, name="alarms", daemon=True).start()
