"""Asks the sources for what happened, and writes the message that is due."""

from datetime import datetime, timedelta
from typing import Final

from senso import supplied
from senso.db import Connection, DBAPIError, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import alarms
from senso.queries.alarm_sources import SOURCES, Event, Looking, Source
from senso.queries.alarms import Message, Period
from senso.states import MessagePart
from senso.supplied import Alarming
from senso.workflows.alarms import grouping, wording
from senso.workflows.alarms.wording import Telling

log = logger(__name__)
# What a first look takes for new, and what one after a long outage still tells of.
FIRST_LOOK: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(days=1)


def look(watched_seconds: float) -> None:
    """Looks at each source whose time has come. One that fails does not keep the others from being looked at.

    Raises SensoError if Postgres is not reachable, and DBAPIError and others for a source that fails each time.
    """
    kinds, failures = due_kinds(), list[Exception]()
    for source in SOURCES:
        if source.kind in kinds:
            try:
                look_at(source, watched_seconds)
            except (SensoError, DBAPIError) as error:
                failures.append(error)
    if failures:
        raise failures[0]


def due_kinds() -> set[str]:
    with transaction() as db:
        alarms.begin(db, [source.kind for source in SOURCES])
        dropped = alarms.drop_old(db)
        found = set(map(str, alarms.due_kinds(db)))
    if dropped:
        log.warning("dropped messages that could not be sent for a day", messages=dropped)
    return found


def look_at(source: Source, watched_seconds: float) -> None:
    with transaction() as db:
        period = alarms.take(db, source.kind)
        message = None if period is None else looked(db, source, period, watched_seconds)
    if message is not None:
        log.warning("alarm", what=message.kind, part=message.part, count=message.count, said=message.text)


def looked(db: Connection, source: Source, period: Period, watched_seconds: float) -> Message | None:
    alarming = supplied.alarming()
    looking = Looking(since(period, source.overlap_seconds), alarming.clock(), watched_seconds, alarming.failed_share)
    alarms.notice(db, source.kind, [without_secrets(one, alarming) for one in source.find(db, looking)])
    gathered = alarms.gathered(db, source.kind)
    lasts = source.lasts
    part, after = grouping.due(period, gathered, None if lasts is None else lambda: lasts(db, looking))
    alarms.save(db, after, source.every_seconds)
    if part is None:
        return None
    told = after if part is not MessagePart.OVER else period
    message = worded(db, told, part, gathered.count, alarming)
    alarms.write(db, message, configured=alarming.url is not None)
    return message


def since(period: Period, overlap_seconds: float) -> datetime:
    if period.looked_at is None:
        return period.now - FIRST_LOOK
    return max(period.looked_at - timedelta(seconds=overlap_seconds), period.now - LONGEST)


def without_secrets(event: Event, alarming: Alarming) -> Event:
    return Event(event.key, event.subject, wording.said(event.said, alarming.secrets), event.happened_at)


def worded(db: Connection, period: Period, part: MessagePart, count: int, alarming: Alarming) -> Message:
    """`period`: as it is with this message, or was before its end."""
    begun = period.since or period.now
    number = period.count if part is MessagePart.OVER else count
    examples = alarms.examples(db, period.kind)
    telling = Telling(period.kind, part, number, period.count, begun, examples, period.window_seconds)
    return Message(period.kind, part, number, begun, wording.text_of(telling, alarming.environment))
