"""The tokens that there are, without what would let anybody in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.reads import actors
from senso.states import Scope


@dataclass(frozen=True, slots=True)
class Token:
    """`start`: its first characters. `partner_id`: None for all partners. `last_used_at`: to the minute.

    `created_by`: as `actors` tells it.
    """

    id: UUID
    name: str
    start: str
    scope: Scope
    partner_id: UUID | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


CREATED_BY = actors.told("tokens.created_by", ":partner")
COLUMNS = f"""id, name, start, scope, partner_id, created_at, {CREATED_BY} AS created_by,
        expires_at, last_used_at, revoked_at"""
MAY_SEE = "(CAST(:partner AS uuid) IS NULL OR partner_id = :partner)"
LISTED = text(f"""
    SELECT {COLUMNS} FROM tokens WHERE {MAY_SEE}
        AND (CAST(:created_at AS timestamptz) IS NULL OR (created_at, id) < (:created_at, CAST(:id AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :most
""")
ONE = text(f"SELECT {COLUMNS} FROM tokens WHERE id = :id AND {MAY_SEE}")
Place = tuple[datetime, UUID]


def listed(
    db: Connection, *, partner: UUID | None = None, after: Place | None = None, most: int | None = None
) -> list[Token]:
    """The newest first. `partner`: only that one's tokens. `after`: where the last page ended."""
    created_at, token = after or (None, None)
    values = {"partner": partner, "created_at": created_at, "id": token, "most": most}
    return each(Token, db.execute(LISTED, values))


def one(db: Connection, token: UUID, *, partner: UUID | None = None) -> Token | None:
    """None also for a token of others than `partner`."""
    return first(Token, db.execute(ONE, {"id": token, "partner": partner}))


OF_PARTNER = text("""
    SELECT count(*) FROM tokens WHERE partner_id = :partner AND revoked_at IS NULL AND expires_at > now()
""")


def valid_of(db: Connection, partner: UUID) -> int:
    """How many of a partner may be used."""
    return int(db.execute(OF_PARTNER, {"partner": partner}).scalar_one())


VALID = text("SELECT id FROM tokens WHERE id = ANY(:tokens) AND revoked_at IS NULL AND expires_at > now()")


def valid(db: Connection, tokens: Collection[UUID]) -> set[UUID]:
    """Those of them that are neither revoked nor expired."""
    return set(db.execute(VALID, {"tokens": list(tokens)}).scalars())
