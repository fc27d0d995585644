"""names that wait for a decision are found without reading those that were decided"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WAITING = "state = 'proposed'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_index("ix_name_proposals_waiting", "name_proposals", ["id"], postgresql_where=sa.text(WAITING))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_index("ix_name_proposals_waiting", table_name="name_proposals")
