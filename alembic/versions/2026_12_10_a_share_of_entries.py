"""the share of an answer that whole entries about an org have"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Readings of before do not have it."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE evaluations ADD COLUMN share_of_entries DOUBLE PRECISION")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE evaluations DROP COLUMN share_of_entries")
