"""changes of many batches are found by their id, and how long work has waited is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("CREATE INDEX ix_audit_bulk ON audit ((details->>'bulk'), id) WHERE (details->>'bulk') IS NOT NULL")
    op.create_table(
        "backlog_ages",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matrix", sa.Integer(), nullable=False),
        sa.Column("ask", sa.Integer(), nullable=False),
        sa.Column("extract", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("push", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_backlog_ages")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_table("backlog_ages")
    op.drop_index("ix_audit_bulk", table_name="audit")
