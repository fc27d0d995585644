"""Tokens of the API, the requests that were sent with an idempotency key, and who has logged in to the dashboard."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import Scope
from senso.tables.base import Base, Created, Id, Moment, Word, link, one_of


class Token(Base):
    """The token itself is kept nowhere. `hash`: SHA-256 of it, in hexadecimal; `start`: its first characters."""

    __tablename__ = "tokens"
    __table_args__ = (
        one_of("scope", Scope),
        CheckConstraint("expires_at > created_at AND expires_at <= created_at + interval '366 days'", name="expires"),
        Index("ix_tokens_created_at", "created_at", "id"),
    )
    id: Mapped[Id]
    name: Mapped[Word]
    hash: Mapped[Word] = mapped_column(unique=True)
    start: Mapped[Word]
    scope: Mapped[Word]
    partner_id: Mapped[UUID | None] = link("partners.id", index=True)  # null: all partners
    created_at: Mapped[Created]
    created_by: Mapped[Word]
    expires_at: Mapped[Moment]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]


class ApiRequest(Base):
    """A request with an idempotency key, and what it was answered; kept for a day."""

    __tablename__ = "api_requests"
    __table_args__ = (
        PrimaryKeyConstraint("token_id", "key"),
        Index("ix_api_requests_created_at", "token_id", "created_at"),
    )
    token_id: Mapped[UUID]  # or what stands for a person: no foreign key
    key: Mapped[Word]
    hash: Mapped[Word]  # SHA-256 of the method, the path and the body
    status: Mapped[int | None]  # null: the request is at work, in a transaction of its own
    body: Mapped[Word | None]
    created_at: Mapped[Created]


class Session(Base):
    """Somebody has logged in to the dashboard with a token. `hash`: SHA-256 of the cookie, in hexadecimal."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_token_id", "token_id", "expires_at"),)
    hash: Mapped[Word] = mapped_column(primary_key=True)
    token_id: Mapped[UUID] = link("tokens.id")
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
