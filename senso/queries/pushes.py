"""Stage 6: a push is a row that outlives its batch and is retried until the application accepts it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from senso.db import keys
from senso.db.bulk import as_json
from senso.db.lease import LEASE, UNLEASED
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.states import PushStatus


@dataclass(frozen=True, slots=True)
class PushWork:
    key: str
    batch_id: UUID
    body: dict[str, Any]
    tries: int


# This episode's push includes the results of earlier ones. An earlier push that arrived later would look newer.
INSERT = Prepared(f"""
    WITH former AS (
        UPDATE pushes SET status = 'failed', error = 'a later episode was pushed in its place', lease_until = NULL
        WHERE batch_id = :batch AND episode < :episode AND {looked_up("status")} = 'pending'
    )
    INSERT INTO pushes (key, batch_id, episode, body, status, next_at)
    VALUES (:key, :batch, :episode, CAST(:body AS jsonb), :status, now())
    ON CONFLICT (key) DO NOTHING
""")


def insert(db: Connection, batch: UUID, episode: int, body: dict[str, Any], *, configured: bool) -> str:
    key = keys.PUSH.of(batch, episode)
    values = {
        "key": key,
        "batch": batch,
        "episode": episode,
        "body": as_json(body),
        "status": PushStatus.PENDING if configured else PushStatus.NOT_CONFIGURED,
    }
    INSERT.rows(db, values)
    return key


CLAIM = Prepared(f"""
    UPDATE pushes SET tries = tries + 1, lease_until = {LEASE}
    WHERE key = :key AND {looked_up("status")} = 'pending' AND next_at <= now() AND {UNLEASED}
    RETURNING key, batch_id, body, tries
""")


def claim(db: Connection, key: str, policy: Policy) -> PushWork | None:
    found = CLAIM.one(db, {"key": key, "lease": policy.push_lease_seconds})
    return PushWork(**found) if found else None


SENT = Prepared("""
    UPDATE pushes SET status = 'sent', sent_at = now(), error = NULL, lease_until = NULL
    WHERE key = :key AND status <> 'sent'
""")
AGAIN = Prepared(f"""
    UPDATE pushes SET error = :error, lease_until = NULL, next_at = now() + make_interval(secs => :seconds),
        status = CASE WHEN tries >= :most THEN 'failed' ELSE 'pending' END
    WHERE key = :key AND {looked_up("status")} = 'pending'
""")
DUE = Prepared(f"""
    SELECT key FROM pushes WHERE status = 'pending' AND next_at <= now() AND {UNLEASED}
    ORDER BY next_at LIMIT 100
""")


def sent(db: Connection, key: str) -> None:
    SENT.rows(db, {"key": key})


def again(db: Connection, key: str, error: str, seconds: float, policy: Policy) -> None:
    AGAIN.rows(db, {"key": key, "error": error, "seconds": seconds, "most": policy.push_tries})


def due(db: Connection) -> list[str]:
    return DUE.column(db, {})
