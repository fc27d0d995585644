"""What was told to people, and what is still gathered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import AlarmKind, MessagePart, MessageStatus


@dataclass(frozen=True, slots=True)
class ToldAlarm:
    """A message, or what is gathered for the next one, which has neither `part` nor `status`.

    `count`: of alarms. `since`: when the first of its period happened. `send_at`: when it is due. `examples`: a few.
    """

    kind: AlarmKind
    part: MessagePart | None
    status: MessageStatus | None
    count: int
    since: datetime
    created_at: datetime
    send_at: datetime | None
    sent_at: datetime | None
    tries: int
    error: str | None
    examples: list[str]


TOLD = text("""
    SELECT m.kind, m.part, m.status, m.count, m.since, m.created_at,
        CASE WHEN m.status = 'pending' THEN m.next_at END AS send_at, m.sent_at, m.tries, m.error,
        ARRAY(SELECT a.said FROM alarms a WHERE a.message_id = m.id ORDER BY a.id LIMIT 5) AS examples
    FROM alarm_messages m WHERE m.created_at >= :since
    UNION ALL
    SELECT p.kind, NULL, NULL, g.count, g.since, g.noticed_at, p.due_at, NULL, 0, NULL,
        ARRAY(SELECT a.said FROM alarms a WHERE a.kind = p.kind AND a.message_id IS NULL ORDER BY a.id LIMIT 5)
    FROM alarm_periods p CROSS JOIN LATERAL (
        SELECT count(*)::int AS count, min(a.happened_at) AS since, max(a.noticed_at) AS noticed_at
        FROM alarms a WHERE a.kind = p.kind AND a.message_id IS NULL
    ) g
    WHERE g.count > 0
    ORDER BY created_at DESC
""")


def told(db: Connection, since: datetime) -> list[ToldAlarm]:
    """The latest first."""
    return each(ToldAlarm, db.execute(TOLD, {"since": since}))
