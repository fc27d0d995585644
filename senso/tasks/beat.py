"""The app as beat runs it: with the timetable. `celery -A senso.tasks.beat:app beat`.

Beat says in a row when it last handed a tick to Redis: a process that is there and sends nothing is as good as none.
"""

from senso.log import logger
from senso.tasks import timetable
from senso.tasks.app import app
from senso.tasks.refusing import in_one_line

__all__ = ["app"]

log = logger(__name__)

with in_one_line():
    timetable.load()
