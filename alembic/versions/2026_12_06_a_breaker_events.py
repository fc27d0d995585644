"""what breakers of models did: opened, probing, closed"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BEFORE = ("trigger", "grant", "cancel", "retry", "import")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "breaker_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("open_seconds", sa.Integer(), nullable=False),
        sa.Column("transition", sa.Text(), nullable=False),
        sa.CheckConstraint("event IN ('opened', 'probing', 'closed')", name=op.f("ck_breaker_events_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaker_events")),
        sa.UniqueConstraint("transition", name=op.f("uq_breaker_events_transition")),
    )
    allow((*BEFORE, "breaker"))


def downgrade() -> None:
    op.drop_table("breaker_events")
    op.execute("DELETE FROM audit WHERE action = 'breaker'")
    allow(BEFORE)


def allow(actions: tuple[str, ...]) -> None:
    """Not checked while the table is locked: the old rows have fewer actions."""
    listed = ", ".join(f"'{action}'" for action in actions)
    op.execute("ALTER TABLE audit DROP CONSTRAINT ck_audit_action")
    op.execute(f"ALTER TABLE audit ADD CONSTRAINT ck_audit_action CHECK (action IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE audit VALIDATE CONSTRAINT ck_audit_action")
