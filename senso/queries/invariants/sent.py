"""The messages that should exist according to the rows; `checks.messages` compares them with Redis."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.lease import IS_ALIVE
from senso.policy import Policy
from senso.queries.fragments import IN_NO_JOB, SENT_AT
from senso.queries.stopped import holds_batch, holds_run, may_begin, may_hold_reading

MOST_SENT = 2000
LIVES = f"SELECT w.id FROM workers w WHERE w.{IS_ALIVE}"
# The conditions by which the sweep finds lost messages, but after a longer time. The oldest first.
SENT = text(f"""
    SELECT * FROM (
        SELECT 'run' AS what, r.id, r.id AS subject, r.sent_at
        FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE b.state = 'running' AND r.state = 'planned' AND r.snapshot_id IS NULL
            AND (r.next_at IS NULL OR r.next_at <= r.sent_at) AND {may_begin(holds_run("r"))}
        UNION ALL
        SELECT 'reading', e.id, e.run_id, {SENT_AT}
        FROM batches b JOIN evaluations e ON e.batch_id = b.id JOIN question_runs r ON r.id = e.run_id
        WHERE b.state = 'running' AND e.state = 'pending' AND r.state = 'answered'
            AND (e.next_at IS NULL OR e.next_at <= e.sent_at) AND {IN_NO_JOB}
            AND coalesce(e.lease_owner NOT IN ({LIVES}), true) AND {may_begin(may_hold_reading("e"))}
        UNION ALL
        SELECT 'batch', b.id, b.id, b.started_at FROM batches b
        WHERE b.state = 'running' AND b.remaining IS NULL AND {may_begin(holds_batch("b"))}
    ) sent
    WHERE sent_at < now() - make_interval(secs => :seconds) ORDER BY sent_at LIMIT {MOST_SENT}
""")
# The last sign that a worker takes messages from the call queues.
LAST_CALL = text("""
    SELECT extract(epoch FROM now() - started_at)::float FROM llm_calls ORDER BY id DESC LIMIT 1
""")
ALIVE = text(f"""
    SELECT queues, extract(epoch FROM now() - started_at)::float AS uptime_seconds,
        extract(epoch FROM now() - idle_since)::float AS idle_seconds
    FROM workers WHERE {IS_ALIVE}
""")


@dataclass(frozen=True, slots=True)
class Sent:
    """A row that waits for a message that was sent for it. `subject`: the id in the message."""

    what: str
    id: UUID
    subject: UUID
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A living worker process. `idle_seconds`: None while it has work in progress."""

    queues: list[str]
    uptime_seconds: float
    idle_seconds: float | None


def overdue(db: Connection, seconds: float, policy: Policy) -> list[Sent]:
    """Up to 2,000 rows whose message was sent more than `seconds` ago."""
    return [Sent(**one) for one in rows(db.execute(SENT, {"seconds": seconds, "silent": policy.silent_seconds}))]


def live_workers(db: Connection, policy: Policy) -> list[LiveWorker]:
    return [LiveWorker(**one) for one in rows(db.execute(ALIVE, {"silent": policy.silent_seconds}))]


def seconds_since_a_call(db: Connection) -> float | None:
    """None if there has never been a call."""
    found: float | None = db.execute(LAST_CALL).scalar()
    return found
