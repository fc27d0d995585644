"""Who has logged in to the dashboard, by the token that was given: begun, looked up at each page, ended."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.statement import Prepared
from senso.db.typed import typed
from senso.queries.tokens import Known

FIND = Prepared("""
    SELECT t.id, t.name, t.hash, t.scope, t.partner_id, t.revoked_at IS NOT NULL AS is_revoked,
        t.expires_at <= now() OR s.expires_at <= now() AS is_expired,
        coalesce(t.last_used_at < now() - interval '1 minute', true) AS is_stale
    FROM sessions s JOIN tokens t ON t.id = s.token_id WHERE s.hash = :hash
""")
BEGIN = text("""
    INSERT INTO sessions (hash, token_id, expires_at)
    SELECT :hash, id, least(expires_at, now() + make_interval(days => :days)) FROM tokens WHERE id = :token
""")
VALID = text("SELECT hash FROM sessions WHERE hash = ANY(:hashes) AND expires_at > now()")
END = text("DELETE FROM sessions WHERE hash = :hash")
OPEN = text("SELECT count(*) FROM sessions WHERE token_id = :token AND expires_at > now()")
END_ALL = text("DELETE FROM sessions WHERE token_id = :token")
FORGET = text("DELETE FROM sessions WHERE expires_at <= now()")


def find(db: Link, digest: str) -> Known | None:
    """The token of a session, which may be revoked or expired. `digest`: of what the cookie holds."""
    found = FIND.one(db, {"hash": digest})
    return None if found is None else typed(Known, found)


def begin(db: Connection, digest: str, token: UUID, days: int) -> None:
    """For `days`, and no longer than the token is valid."""
    db.execute(BEGIN, {"hash": digest, "token": token, "days": days})


def valid(db: Connection, digests: Collection[str]) -> set[str]:
    """Those of them that have neither been ended nor expired."""
    return set(db.execute(VALID, {"hashes": list(digests)}).scalars()) if digests else set()


def end(db: Connection, digest: str) -> None:
    db.execute(END, {"hash": digest})


def end_all(db: Connection, token: UUID) -> None:
    """Of a token."""
    db.execute(END_ALL, {"token": token})


def open_of(db: Connection, token: UUID) -> int:
    """How many have not expired."""
    return int(db.execute(OPEN, {"token": token}).scalar_one())


def forget(db: Connection) -> None:
    """Those that have expired."""
    db.execute(FORGET)
