"""Tokens of the API: made, looked up at each request, revoked; and requests with an idempotency key, each done once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.statement import Prepared
from senso.db.typed import first, typed
from senso.states import Scope


@dataclass(frozen=True, slots=True)
class Known:
    """What a request finds of its token. `is_stale`: that it was used has not been written for a minute."""

    id: UUID
    name: str
    hash: str
    scope: Scope
    partner_id: UUID | None
    is_revoked: bool
    is_expired: bool
    is_stale: bool


FIND = Prepared("""
    SELECT id, name, hash, scope, partner_id, revoked_at IS NOT NULL AS is_revoked, expires_at <= now() AS is_expired,
        coalesce(last_used_at < now() - interval '1 minute', true) AS is_stale
    FROM tokens WHERE hash = :hash
""")
USED = Prepared("UPDATE tokens SET last_used_at = now() WHERE id = :id")


def find(db: Link, digest: str) -> Known | None:
    found = FIND.one(db, {"hash": digest})
    return None if found is None else typed(Known, found)


def used(db: Link, token: UUID) -> None:
    USED.rows(db, {"id": str(token)})


CREATE = text("""
    INSERT INTO tokens (id, name, hash, start, scope, partner_id, created_by, expires_at)
    VALUES (:id, :name, :hash, :start, :scope, :partner, :by, now() + make_interval(days => :days))
""")
REVOKE = text("UPDATE tokens SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL RETURNING id")


@dataclass(frozen=True, slots=True)
class Made:
    """A token to be stored. `start`: the characters of it that are shown later."""

    id: UUID
    name: str
    hash: str
    start: str
    scope: Scope
    partner_id: UUID | None
    days: int


def create(db: Connection, made: Made, by: str) -> None:
    values = {"id": made.id, "name": made.name, "hash": made.hash, "start": made.start, "scope": made.scope}
    db.execute(CREATE, values | {"partner": made.partner_id, "by": by, "days": made.days})


def revoke(db: Connection, token: UUID) -> bool:
    """False if it is revoked already."""
    return db.execute(REVOKE, {"id": token}).first() is not None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request with the same key. `status` and `body`: what it was answered."""

    hash: str
    status: int
    body: str | None


CLAIM = text("""
    INSERT INTO api_requests (token_id, key, hash) VALUES (:token, :key, :hash) ON CONFLICT DO NOTHING RETURNING key
""")
EARLIER = text("SELECT hash, status, body FROM api_requests WHERE token_id = :token AND key = :key")
ANSWERED = text("UPDATE api_requests SET status = :status, body = :body WHERE token_id = :token AND key = :key")
FORGET = text("""
    DELETE FROM api_requests WHERE (token_id, key) IN (
        SELECT token_id, key FROM api_requests WHERE token_id = :token AND created_at < now() - interval '1 day'
        LIMIT 100 FOR UPDATE SKIP LOCKED
    )
""")


def claim(db: Connection, token: UUID, key: str, digest: str) -> Earlier | None:
    """None: the key is new, and the caller's transaction holds it. Waits for another transaction that holds it.

    Keys are forgotten after a day.
    """
    db.execute(FORGET, {"token": token})
    if db.execute(CLAIM, {"token": token, "key": key, "hash": digest}).first() is not None:
        return None
    return first(Earlier, db.execute(EARLIER, {"token": token, "key": key}))


def answered(db: Connection, token: UUID, key: str, status: int, body: str | None) -> None:
    db.execute(ANSWERED, {"token": token, "key": key, "status": status, "body": body})
