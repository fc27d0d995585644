"""Where the timetable is: the one file an operator edits."""

import runpy
from pathlib import Path

from senso.errors import ConfigError
from senso.schema import CHECKOUT, PACKAGED
from senso.settings import settings

NAME = "celerybeat-schedule.py"


def path() -> Path:
    """SENSO_SCHEDULE, else the working folder's, else the checkout's or the copy in the wheel."""
    chosen = settings().senso_schedule
    if chosen is not None:
        if not chosen.is_file():
            raise ConfigError(f"SENSO_SCHEDULE: no file {chosen}")
        return chosen
    candidates = (Path.cwd() / NAME, CHECKOUT / NAME, PACKAGED / NAME)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigError(f"no timetable {NAME} in {', '.join(str(one.parent) for one in candidates)}")


def load() -> None:
    """Runs the file, which puts its table into the app's settings. Raises ConfigError naming file and fault."""
    file = path()
    try:
        runpy.run_path(str(file))
    except (SyntaxError, NameError, TypeError, ValueError, ImportError) as error:
        raise ConfigError(f"{file}: {type(error).__name__}: {error}") from error
