"""The app as beat runs it: with the timetable. `celery -A senso.tasks.beat:app beat`."""

from senso.tasks import timetable
from senso.tasks.app import app
from senso.tasks.refusing import in_one_line

__all__ = ["app"]

with in_one_line():
    timetable.load()
