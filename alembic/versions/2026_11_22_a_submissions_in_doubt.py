"""submissions in doubt, and cancels that are tried again"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENTS = ("maybe_sent_at", "grace_until", "cancel_due_at", "cancelled_at")


def upgrade() -> None:
    for moment in MOMENTS:
        op.add_column("snapshots", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.add_column("snapshots", sa.Column("request_hash", sa.Text(), nullable=True))
    op.create_index(
        "ix_snapshots_cancel_due",
        "snapshots",
        ["cancel_due_at"],
        unique=False,
        postgresql_where=sa.text("cancel_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_snapshots_request_hash",
        "snapshots",
        ["request_hash"],
        unique=False,
        postgresql_where=sa.text("state = 'submitting'"),
    )


def downgrade() -> None:
    op.drop_index("ix_snapshots_request_hash", table_name="snapshots")
    op.drop_index("ix_snapshots_cancel_due", table_name="snapshots")
    for column in ("request_hash", *MOMENTS):
        op.drop_column("snapshots", column)
