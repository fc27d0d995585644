"""Alarms and the messages that tell of them: noticed once, grouped by periods, sent one a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from senso.db.bulk import as_json
from senso.db.lease import UNLEASED
from senso.db.typed import each, first
from senso.queries.alarm_sources import Event
from senso.queries.outbox import Pipeline, enqueue
from senso.states import AlarmKind, MessagePart, MessageStatus

SHOWN = 5  # examples in a message
BEGIN = text("""
    INSERT INTO alarm_periods (kind) SELECT unnest(CAST(:kinds AS text[])) ON CONFLICT (kind) DO NOTHING
""")
DUE_KINDS = text("SELECT kind FROM alarm_periods WHERE next_look_at <= now()")
# Two that look at the same time do not wait for each other: one look is enough.
TAKE = text("""
    SELECT kind, looked_at, now() AS now, since, due_at, window_seconds, messages, count
    FROM alarm_periods WHERE kind = :kind AND next_look_at <= now() FOR UPDATE SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class Period:
    """For which the alarms of a kind are gathered; `since` is None while there is none.

    `count`, `messages`: how many alarms and messages the period had. `now`: by the database, of this look.
    """

    kind: AlarmKind
    looked_at: datetime | None
    now: datetime
    since: datetime | None = None
    due_at: datetime | None = None
    window_seconds: int = 0
    messages: int = 0
    count: int = 0


def begin(db: Connection, kinds: Sequence[AlarmKind]) -> None:
    db.execute(BEGIN, {"kinds": list(kinds)})


def due_kinds(db: Connection) -> list[AlarmKind]:
    return [AlarmKind(kind) for kind in db.execute(DUE_KINDS).scalars()]


def take(db: Connection, kind: AlarmKind) -> Period | None:
    """Locks the period until the transaction ends. None: it is not due any more, or another process looks."""
    return first(Period, db.execute(TAKE, {"kind": kind}))


NOTICE = text("""
    INSERT INTO alarms (key, kind, subject, said, happened_at)
    SELECT e.key, :kind, e.subject, e.said, e.happened_at
    FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e(key text, subject text, said text, happened_at timestamptz)
    ON CONFLICT (key) DO NOTHING
""")
GATHERED = text("""
    SELECT count(*) AS count, min(happened_at) AS since FROM alarms WHERE kind = :kind AND message_id IS NULL
""")
EXAMPLES = text("""
    SELECT key, subject, said, happened_at FROM alarms WHERE kind = :kind AND message_id IS NULL ORDER BY id LIMIT :most
""")
SAVE = text("""
    UPDATE alarm_periods SET looked_at = now(), next_look_at = now() + make_interval(secs => :every), since = :since,
        due_at = :due_at, window_seconds = :window_seconds, messages = :messages, count = :count
    WHERE kind = :kind
""")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The alarms of a kind that no message has told of yet."""

    count: int
    since: datetime | None


def notice(db: Connection, kind: AlarmKind, events: Sequence[Event]) -> None:
    if events:
        listed = [
            {"key": one.key, "subject": one.subject, "said": one.said, "happened_at": one.happened_at.isoformat()}
            for one in events
        ]
        db.execute(NOTICE, {"kind": kind, "events": as_json(listed)})


def gathered(db: Connection, kind: AlarmKind) -> Gathered:
    (found,) = each(Gathered, db.execute(GATHERED, {"kind": kind}))
    return found


def examples(db: Connection, kind: AlarmKind) -> list[Event]:
    return each(Event, db.execute(EXAMPLES, {"kind": kind, "most": SHOWN}))


def save(db: Connection, period: Period, every_seconds: float) -> None:
    values = {
        "kind": period.kind,
        "every": every_seconds,
        "since": period.since,
        "due_at": period.due_at,
        "window_seconds": period.window_seconds,
        "messages": period.messages,
        "count": period.count,
    }
    db.execute(SAVE, values)


WRITE = text("""
    INSERT INTO alarm_messages (kind, part, count, since, text, status)
    VALUES (:kind, :part, :count, :since, :text, :status) RETURNING id
""")
TELL = text("UPDATE alarms SET message_id = :id WHERE kind = :kind AND message_id IS NULL")


@dataclass(frozen=True, slots=True)
class Message:
    kind: AlarmKind
    part: MessagePart
    count: int
    since: datetime
    text: str


def write(db: Connection, message: Message, *, configured: bool) -> None:
    """With its outbox row, if there is a place to send it to."""
    status = MessageStatus.PENDING if configured else MessageStatus.NOT_CONFIGURED
    values = {"kind": message.kind, "part": message.part, "count": message.count, "since": message.since}
    written = int(db.execute(WRITE, values | {"text": message.text, "status": status}).scalar_one())
    db.execute(TELL, {"kind": message.kind, "id": written})
    if configured:
        enqueue(db, Pipeline.ALARM, written, ids=[written], batch=None)


# Slack takes about one message a second. The lock is held until the claim is committed, so that of two processes
# the second sees the first one's moment.
TURN = text("SELECT pg_try_advisory_xact_lock(7230158)")
CLAIM = text(f"""
    UPDATE alarm_messages SET tries = tries + 1, tried_at = clock_timestamp(),
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE id = :id AND status = 'pending' AND next_at <= now() AND {UNLEASED}
        AND created_at > now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM alarm_messages m WHERE m.tried_at > clock_timestamp() - interval '1 second')
    RETURNING id, text, tries
""")


@dataclass(frozen=True, slots=True)
class MessageWork:
    id: int
    text: str
    tries: int


def claim(db: Connection, message: int, lease_seconds: float) -> MessageWork | None:
    """None: it is sent, not due, in the hands of another, or a message was sent less than a second ago."""
    if not db.execute(TURN).scalar():
        return None
    return first(MessageWork, db.execute(CLAIM, {"id": message, "lease": lease_seconds}))


SENT = text("""
    UPDATE alarm_messages SET status = 'sent', sent_at = now(), error = NULL, lease_until = NULL
    WHERE id = :id AND status = 'pending'
""")
AGAIN = text("""
    UPDATE alarm_messages SET error = :error, lease_until = NULL, next_at = now() + make_interval(secs => :seconds)
    WHERE id = :id AND status = 'pending'
""")
# What Slack says of one message it says of the address.
HOLD = text("""
    UPDATE alarm_messages SET next_at = now() + make_interval(secs => :seconds)
    WHERE status = 'pending' AND next_at < now() + make_interval(secs => :seconds)
""")
DUE = text(f"""
    SELECT id FROM alarm_messages WHERE status = 'pending' AND next_at <= now() - make_interval(secs => :late)
        AND {UNLEASED}
    ORDER BY id LIMIT 20
""")
DROP = text("""
    UPDATE alarm_messages SET status = 'dropped', lease_until = NULL
    WHERE status = 'pending' AND created_at <= now() - interval '1 day'
    RETURNING id
""")


def sent(db: Connection, message: int) -> None:
    db.execute(SENT, {"id": message})


def again(db: Connection, message: int, error: str, seconds: float) -> None:
    db.execute(AGAIN, {"id": message, "error": error, "seconds": seconds})


def hold(db: Connection, seconds: float) -> None:
    """No message is sent for so long."""
    db.execute(HOLD, {"seconds": seconds})


def due(db: Connection, late_seconds: float) -> list[int]:
    """Of the messages that were due so long ago, the oldest first."""
    return list(db.execute(DUE, {"late": late_seconds}).scalars())


def drop_old(db: Connection) -> int:
    return len(db.execute(DROP).all())


RESTARTED = text("""
    INSERT INTO restarts (host, process, exit_code, deaths) VALUES (:host, :process, :code, :deaths)
""")


def restarted(db: Connection, host: str, process: str, code: int | None, deaths: int) -> None:
    """`deaths`: in a row."""
    db.execute(RESTARTED, {"host": host, "process": process, "code": code, "deaths": deaths})
