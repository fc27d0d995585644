"""The app for beat, with the schedule file. `celery -A senso.tasks.beat:app beat`.

Beat stores in a row when it last sent a tick to Redis, since a process that is alive but sends nothing is as bad as
none.
"""

import threading
import time
from typing import Any

from celery.signals import after_task_publish, beat_init

from senso import publishing
from senso.db import transaction
from senso.log import logger
from senso.queries import progress
from senso.runtime.heartbeat import BEAT_SECONDS, own_engine, worker_id
from senso.tasks import canvas, schedule_file
from senso.tasks.app import app
from senso.worker.startup_errors import in_one_line
from senso.workflows.alarms import watching

__all__ = ["app"]

log = logger(__name__)

with in_one_line():
    schedule_file.load()


class Ticks:
    """`last`: monotonic time of the last tick that Redis accepted; None before the first."""

    def __init__(self) -> None:
        self.last: float | None = None

    def sent(self, sender: Any = None, **_: Any) -> None:
        """`sender`: the name of the task. A message about an alarm is no tick."""
        if str(sender).startswith(schedule_file.PREFIX):
            self.last = time.monotonic()

    def note(self) -> None:
        """Never raises: the next note must be written, as with the heartbeat of a worker."""
        ago = None if self.last is None else time.monotonic() - self.last
        try:
            with transaction(own_engine()) as db:
                progress.ticked(db, worker_id(), ago, schedule_file.timetable())
                progress.forget_old_beats(db)
        except Exception as error:  # noqa: BLE001  see the docstring
            log.warning("no note of the ticks", error=type(error).__name__)

    def note_for_ever(self) -> None:
        while True:
            self.note()
            time.sleep(BEAT_SECONDS)


ticks = Ticks()


@beat_init.connect
def watch_ticks(**_: Any) -> None:
    after_task_publish.connect(ticks.sent, weak=False)
    publishing.register(canvas.publish)
    threading.Thread(target=ticks.note_for_ever, name="ticks", daemon=True).start()
    watching.start()
