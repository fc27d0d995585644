"""when an org joined its network, and calls that read an answer for several orgs"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Members count as joined now: no network has run before. Neither column rewrites its table."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    joined_at = sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
    op.add_column("network_orgs", joined_at)
    op.add_column("llm_calls", sa.Column("shared_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("llm_calls", "shared_id")
    op.drop_column("network_orgs", "joined_at")
