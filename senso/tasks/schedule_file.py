"""Finds and loads the schedule file: the one file an operator edits."""

import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from senso.checks import Finding
from senso.errors import ConfigError
from senso.queries.progress import Timetable
from senso.schema import CHECKOUT, PACKAGED
from senso.settings import settings
from senso.tasks.app import app
from senso.weekly import DUE_HOUR

NAME = "celerybeat-schedule.py"
PREFIX: Final = "senso.tick."
# By tick: what stops if the schedule file lacks it.
NEEDED: Final = {
    "admit": "no batch starts",
    "poll": "no job at a vendor is looked at",
    "due": "nothing is tried again",
    "relay": "what was not sent stays unsent",
    "reap": "the work of dead processes is taken back minutes later",
    "sweep": "what a crash left half-way stays so",
    "count": "the totals of the metrics stand still",
}
WEEKLY: Final = "due_orgs"
# Without these all works, and something is missing.
OPTIONAL: Final = {
    WEEKLY: "no organisation is asked for by itself",
    "reconcile": "nobody compares the ledger with the work by itself",
    "classify": "cited domains that the table does not know stay without a category",
}
PRUNE: Final = "prune"


def path() -> Path:
    """SENSO_SCHEDULE, else the file in the working folder, the checkout or the wheel."""
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
    """Runs the file, which sets the schedule in the app's settings. Raises ConfigError naming file and fault."""
    file = path()
    try:
        runpy.run_path(str(file))
    except Exception as error:  # the file is any Python code
        raise ConfigError(f"{file}: {type(error).__name__}: {error}") from error


def findings() -> list[Finding]:
    """Which file is used, whether it loads, and whether it has all required ticks. Imports Celery."""
    try:
        file = path()
        load()
    except ConfigError as error:
        return [
            Finding("Timetable", "fault", str(error), "beat does not start", "mend the file, or unset SENSO_SCHEDULE")
        ]
    ticks = {str(entry["task"]).removeprefix(PREFIX) for entry in app.conf.beat_schedule.values()}
    return [*missing(str(file), ticks), *unknown(ticks)]


def missing(file: str, ticks: set[str]) -> list[Finding]:
    found = [tick for tick in NEEDED if tick not in ticks]
    if found:
        why = ", ".join(NEEDED[tick] for tick in found)
        return [
            Finding("Timetable", "warning", f"{file} lacks {', '.join(found)}", why, "copy them from the packaged one")
        ]
    if left_out := [tick for tick in OPTIONAL if tick not in ticks]:
        why = ", ".join(OPTIONAL[tick] for tick in left_out)
        return [Finding("Timetable", "note", f"{file} lacks {', '.join(left_out)}", why)]
    if PRUNE not in ticks and settings().prune_after is not None:
        why = "PRUNE_AFTER is set, and nothing is deleted by itself"
        return [Finding("Timetable", "warning", f"{file} lacks {PRUNE}", why, "copy it from the packaged one")]
    return [Finding("Timetable", "ok", file)]


def unknown(ticks: set[str]) -> list[Finding]:
    found = sorted(ticks - {*NEEDED, *OPTIONAL, PRUNE})
    why = "workers throw away what they do not know"
    return [Finding("Timetable", "warning", f"no such task: {', '.join(found)}", why, "take it out")] if found else []


def hour() -> int | None:
    """The hour (UTC) at which orgs are due, in the loaded file; None if it opens no batch."""
    entries = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == f"{PREFIX}{WEEKLY}"]
    return min((int(entry.get("kwargs", {}).get("hour", DUE_HOUR)) for entry in entries), default=None)


def timetable() -> Timetable:
    """Of the loaded file."""
    return Timetable(hour(), [shown(name, entry) for name, entry in sorted(app.conf.beat_schedule.items())])


def shown(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """`seconds`: None where it is another kind of schedule, which `every` says."""
    every = entry["schedule"]
    seconds = every.total_seconds() if isinstance(every, timedelta) else every
    is_number = isinstance(seconds, int | float)
    tick = str(entry["task"]).removeprefix(PREFIX)
    of_day = entry.get("kwargs", {}).get("hour")
    return {"name": name, "tick": tick, "seconds": seconds if is_number else None, "every": str(every), "hour": of_day}
