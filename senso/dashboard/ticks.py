"""The timetable of beat in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from senso.dashboard.formats import NONE, duration
from senso.reads.schedule_pages import Beat

# By tick; celerybeat-schedule.py has when.
WORDS: Final = {
    "admit": "starts queued batches while fewer than MAX_RUNNING_BATCHES run",
    "poll": "looks at jobs at vendors",
    "due": "sends what is to be tried again, and goes on after a cost ceiling",
    "relay": "sends messages that were not sent yet, and results to your application",
    "reap": "takes back the work of dead processes",
    "sweep": "finds work that a crash left unfinished",
    "prune": "deletes answers of old batches, where PRUNE_AFTER is set",
    "count": "adds what has ended to the totals of the metrics",
    "classify": "asks a model what kind of sites cited domains are",
    "due_orgs": "opens the weekly batches that are due",
    "reconcile": "compares the ledger with the work, once a day",
}
UNKNOWN: Final = "is unknown to this version; workers throw it away"


@dataclass(frozen=True, slots=True)
class Tick:
    name: str
    every: str
    does: str


def told(beat: Beat | None) -> Sequence[Tick]:
    """As beat has stored it; nothing where none has."""
    stored = beat.timetable if beat is not None else None
    return [tick(one) for one in (stored or {}).get("entries", [])]


def tick(one: Mapping[str, Any]) -> Tick:
    seconds, hour = one.get("seconds"), one.get("hour")
    every = f"every {duration(seconds)}" if seconds is not None else str(one.get("every", NONE))
    from_hour = "" if hour is None else f", of each day from {hour:02}:00 UTC"
    return Tick(str(one.get("name", NONE)), every + from_hour, WORDS.get(str(one.get("tick")), UNKNOWN))
