"""Tokens of the API: how one is made and known again, and who made or revoked it.

A token is a prefix by which secret scanners know it, and 256 random bits. Since nobody can guess those, a plain SHA-256
of it is stored: docs/decisions/0036.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from senso.db import Connection
from senso.errors import ConfigError, NotFound
from senso.queries import sessions, tokens
from senso.queries.triggers import Concerns, audit
from senso.reads import tokens as reads
from senso.reads.directory import is_partner
from senso.reads.tokens import Token
from senso.states import Action, Scope

PREFIX = "senso_"
RANDOM_BYTES = 32
FORM = re.compile(rf"{PREFIX}[0-9a-f]{{{2 * RANDOM_BYTES}}}", re.ASCII)
SHOWN_CHARACTERS = len(PREFIX) + 6
DEFAULT_DAYS, MOST_DAYS = 90, 366
LONGEST_NAME = 100
MOST_OF_PARTNER = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """`partner_id`: None for all partners. `days`: until it expires, 1 to MOST_DAYS."""

    name: str
    scope: Scope
    partner_id: UUID | None = None
    days: int = DEFAULT_DAYS


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def create(db: Connection, wanted: Wanted, actor: str) -> tuple[Token, str]:
    """The row, and the token itself, which can never be read again.

    Raises NotFound if there is no such partner, and ConfigError if it has MOST_OF_PARTNER: limits are those of a token.
    """
    if wanted.partner_id is not None:
        require_room(db, wanted.partner_id)
    secret, id_ = PREFIX + secrets.token_hex(RANDOM_BYTES), uuid4()
    start = secret[:SHOWN_CHARACTERS]
    made = tokens.Made(id_, wanted.name, digest(secret), start, wanted.scope, wanted.partner_id, wanted.days)
    tokens.create(db, made, actor)
    record(db, Action.CREATE_TOKEN, actor, found := require(db, id_))
    return found, secret


def require_room(db: Connection, partner: UUID) -> None:
    if not is_partner(db, partner):
        raise NotFound(f"no partner {partner}")
    if reads.valid_of(db, partner) >= MOST_OF_PARTNER:
        raise ConfigError(f"this partner has {MOST_OF_PARTNER} valid tokens, as many as it may have; revoke one")


def revoke(db: Connection, token: UUID, actor: str, *, partner: UUID | None = None) -> Token:
    """The row. Revoked again, it stays as it is; its sessions of the dashboard end.

    Raises NotFound also for a token of others than `partner`.
    """
    require(db, token, partner)
    if tokens.revoke(db, token):
        sessions.end_all(db, token)
        record(db, Action.REVOKE_TOKEN, actor, require(db, token))
    return require(db, token)


def require(db: Connection, token: UUID, partner: UUID | None = None) -> Token:
    found = reads.one(db, token, partner=partner)
    if found is None:
        raise NotFound(f"no token {token}")
    return found


def record(db: Connection, action: Action, actor: str, one: Token) -> None:
    audit(
        db, action, actor, Concerns(one.partner_id), subject=f"token:{one.id}",
        name=one.name, scope=one.scope, partner_id=one.partner_id, expires_at=one.expires_at,
    )  # fmt: skip
