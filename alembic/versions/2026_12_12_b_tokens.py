"""tokens of the API, and its requests with an idempotency key"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ACTIONS = (
    *("trigger", "grant", "cancel", "retry", "import", "breaker", "pause"),
    *("resume", "accept name", "reject name", "reevaluate", "export"),
)
NEW = ("create token", "revoke token")


def moment(name: str, *, now: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now() if now else None, nullable=not now)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        moment("created_at", now=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        moment("last_used_at"),
        moment("revoked_at"),
        sa.CheckConstraint("scope IN ('read', 'trigger', 'operate', 'admin')", name=op.f("ck_tokens_scope")),
        sa.CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + interval '366 days'",
            name=op.f("ck_tokens_expires"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_tokens_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_index("ix_tokens_partner_id", "tokens", ["partner_id"])
    op.create_index("ix_tokens_created_at", "tokens", ["created_at", "id"])
    op.create_table(
        "api_requests",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        moment("created_at", now=True),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_api_requests_token_id_tokens")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_api_requests")),
    )
    op.create_index("ix_api_requests_created_at", "api_requests", ["token_id", "created_at"])
    allow((*ACTIONS, *NEW))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_table("api_requests")
    op.drop_table("tokens")
    op.execute("DELETE FROM audit WHERE action IN ('create token', 'revoke token')")
    allow(ACTIONS)


def allow(actions: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{action}'" for action in actions)
    op.execute("ALTER TABLE audit DROP CONSTRAINT ck_audit_action")
    op.execute(f"ALTER TABLE audit ADD CONSTRAINT ck_audit_action CHECK (action IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE audit VALIDATE CONSTRAINT ck_audit_action")
