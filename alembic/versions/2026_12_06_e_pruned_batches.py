"""batches whose answers are deleted after a while, and charges that outlive them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """No column rewrites its table; the checks and indexes read the table of batches once."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_constraint("fk_ledger_run_id_question_runs", "ledger", type_="foreignkey")
    op.add_column("batches", sa.Column("pruned_at", MOMENT, nullable=True))
    op.add_column("batches", sa.Column("emptied_at", MOMENT, nullable=True))
    op.add_column("batches", sa.Column("kept", JSONB(none_as_null=True), nullable=True))
    op.create_check_constraint("kept", "batches", "(pruned_at IS NULL) = (kept IS NULL)")
    emptied = "emptied_at IS NULL OR (pruned_at IS NOT NULL AND emptied_at >= pruned_at)"
    op.create_check_constraint("emptied", "batches", emptied)
    op.create_index("ix_batches_unpruned", "batches", ["id"], postgresql_where=sa.text("pruned_at IS NULL"))
    left = sa.text("pruned_at IS NOT NULL AND emptied_at IS NULL")
    op.create_index("ix_batches_pruning", "batches", ["id"], postgresql_where=left)


def downgrade() -> None:
    """Refused by Postgres once runs were deleted: their charges would name rows that are not there."""
    op.create_foreign_key("fk_ledger_run_id_question_runs", "ledger", "question_runs", ["run_id"], ["id"])
    op.drop_index("ix_batches_pruning", "batches")
    op.drop_index("ix_batches_unpruned", "batches")
    op.drop_constraint("emptied", "batches", type_="check")
    op.drop_constraint("kept", "batches", type_="check")
    for column in ("kept", "emptied_at", "pruned_at"):
        op.drop_column("batches", column)
