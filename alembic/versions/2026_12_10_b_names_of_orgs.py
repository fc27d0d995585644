"""aliases and not_names of orgs, and names that wait for a person"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FORMER = "'trigger', 'grant', 'cancel', 'retry', 'import', 'breaker', 'pause', 'resume'"
NEW = "'accept name', 'reject name'"


def upgrade() -> None:
    """Every old row fits."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table in ("org_aliases", "org_not_names"):
        op.create_table(
            table,
            sa.Column("org_id", sa.Uuid(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("position", sa.Integer(), server_default="0", nullable=False),
            sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f(f"fk_{table}_org_id_orgs")),
            sa.PrimaryKeyConstraint("org_id", "name", name=op.f(f"pk_{table}")),
        )
    create_proposals()
    allow(f"{FORMER}, {NEW}")


def create_proposals() -> None:
    op.create_table(
        "name_proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'accepted', 'rejected')", name=op.f("ck_name_proposals_state")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_name_proposals_decided")),
        sa.CheckConstraint("state <> 'accepted' OR decided_by IS NOT NULL", name=op.f("ck_name_proposals_accepted")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_name_proposals_org_id_orgs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_proposals")),
        sa.UniqueConstraint("org_id", "key", name=op.f("uq_name_proposals_org_id_key")),
    )


def downgrade() -> None:
    """The decisions about names go."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute(f"DELETE FROM audit WHERE action IN ({NEW})")
    allow(FORMER)
    for table in ("name_proposals", "org_not_names", "org_aliases"):
        op.drop_table(table)


def allow(actions: str) -> None:
    op.execute("ALTER TABLE audit DROP CONSTRAINT ck_audit_action")
    op.execute(f"ALTER TABLE audit ADD CONSTRAINT ck_audit_action CHECK (action IN ({actions})) NOT VALID")
    op.execute("ALTER TABLE audit VALIDATE CONSTRAINT ck_audit_action")
