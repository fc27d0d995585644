"""Stage 6: a push is a row that outlives its batch, tried until the application takes it."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

LEASE_SECONDS = 60
MAX_TRIES = 48  # with waits of up to an hour: two days


@dataclass(frozen=True, slots=True)
class PushWork:
    key: str
    batch_id: UUID
    body: dict[str, Any]
    tries: int


INSERT = text("""
    INSERT INTO pushes (key, batch_id, episode, body, status, next_at)
    VALUES ('push:' || :batch || ':' || :episode, CAST(:batch AS uuid), :episode, CAST(:body AS jsonb), :status, now())
    ON CONFLICT (key) DO NOTHING
""")


def insert(db: Connection, batch: UUID, episode: int, body: dict[str, Any], *, configured: bool) -> str:
    values = {
        "batch": str(batch),
        "episode": episode,
        "body": json.dumps(body),
        "status": "pending" if configured else "not configured",
    }
    db.execute(INSERT, values)
    return f"push:{batch}:{episode}"


CLAIM = text("""
    UPDATE pushes SET tries = tries + 1, lease_until = now() + make_interval(secs => :lease)
    WHERE key = :key AND status = 'pending' AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
    RETURNING key, batch_id, body, tries
""")


def claim(db: Connection, key: str) -> PushWork | None:
    found = db.execute(CLAIM, {"key": key, "lease": LEASE_SECONDS}).mappings().one_or_none()
    return PushWork(**found) if found else None


SENT = text("""
    UPDATE pushes SET status = 'sent', sent_at = now(), error = NULL, lease_until = NULL
    WHERE key = :key AND status <> 'sent'
""")
AGAIN = text("""
    UPDATE pushes SET error = :error, lease_until = NULL, next_at = now() + make_interval(secs => :seconds),
        status = CASE WHEN tries >= :most THEN 'failed' ELSE 'pending' END
    WHERE key = :key AND status = 'pending'
""")
DUE = text("""
    SELECT key FROM pushes WHERE status = 'pending' AND next_at <= now()
        AND (lease_until IS NULL OR lease_until < now())
    ORDER BY next_at LIMIT 100
""")


def sent(db: Connection, key: str) -> None:
    db.execute(SENT, {"key": key})


def again(db: Connection, key: str, error: str, seconds: float) -> None:
    db.execute(AGAIN, {"key": key, "error": error, "seconds": seconds, "most": MAX_TRIES})


def due(db: Connection) -> list[str]:
    return list(db.execute(DUE).scalars())
