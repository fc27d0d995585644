"""What a source of alarms is: one query over rows that others write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, TextClause

from senso.db.typed import each
from senso.states import AlarmKind

# Of one look; what is left over is found by the next one.
MOST: Final = 2000
# A transaction that began so long before the last look may have committed after it.
OVERLAP_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Event:
    """`key`: unique for the event, the same in every look. `subject`: the id that a command about it takes."""

    key: str
    subject: str | None
    said: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Looking:
    """What a source is asked with.

    `since`: what happened before is known. `now`: by SENSO_CLOCK, only for what is due by date. `watched_seconds`: for
    how long this process has watched without a break. `failed_share`: how much of a batch may fail.
    """

    since: datetime
    now: datetime
    watched_seconds: float
    failed_share: float


Find = Callable[[Connection, Looking], list[Event]]
Lasts = Callable[[Connection, Looking], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """`lasts`: whether what the alarms are about still holds; None where an event has no end of its own.

    `overlap_seconds`: how long before the last look a row may say that it happened which was not there then.
    """

    kind: AlarmKind
    every_seconds: float
    find: Find
    lasts: Lasts | None = None
    overlap_seconds: float = OVERLAP_SECONDS


def by(statement: TextClause) -> Find:
    """`statement` selects the fields of `Event` of at most `:most` events that are not yet in `alarms`."""

    def find(db: Connection, looking: Looking) -> list[Event]:
        return each(Event, db.execute(statement, values(statement, looking)))

    return find


def while_there_is(statement: TextClause) -> Lasts:
    """`statement` selects one boolean."""

    def lasts(db: Connection, looking: Looking) -> bool:
        return bool(db.execute(statement, values(statement, looking)).scalar())

    return lasts


def values(statement: TextClause, looking: Looking) -> dict[str, Any]:
    """Those that the statement has a place for."""
    known = {
        "since": looking.since,
        "watched": looking.watched_seconds,
        "share": looking.failed_share,
        "most": MOST,
    }
    return {name: value for name, value in known.items() if name in statement.compile().params}


def unknown(key: str) -> str:
    """An SQL condition."""
    return f"NOT EXISTS (SELECT FROM alarms a WHERE a.key = {key})"
