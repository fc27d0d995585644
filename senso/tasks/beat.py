"""The app as beat runs it: with the timetable. `celery -A senso.tasks.beat:app beat`."""

from senso.errors import SensoError
from senso.tasks import timetable
from senso.tasks.app import app

__all__ = ["app"]

try:
    timetable.load()
except SensoError as error:
    raise SystemExit(f"senso: {error}") from None
