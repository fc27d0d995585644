"""changes of many batches are found by their id"""

from alembic import op

revision = "0039b"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("CREATE INDEX ix_audit_bulk ON audit ((details->>'bulk'), id) WHERE (details->>'bulk') IS NOT NULL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_index("ix_audit_bulk", table_name="audit")
