"""calls of a day, and batches that did not complete, found without reading all of them"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OTHERWISE = "state IN ('partial', 'failed', 'blocked', 'cancelled')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_index("ix_llm_calls_started_at", "llm_calls", ["started_at"], postgresql_using="brin")
    op.create_index("ix_batches_ended_otherwise", "batches", ["id"], postgresql_where=sa.text(OTHERWISE))


def downgrade() -> None:
    op.drop_index("ix_batches_ended_otherwise", table_name="batches")
    op.drop_index("ix_llm_calls_started_at", table_name="llm_calls")
