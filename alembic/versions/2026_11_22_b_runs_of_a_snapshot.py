"""an index of a snapshot's runs, without the runs that have none

A claim of a direct run asks for its id and for no snapshot. With every such run in the index of snapshots, Postgres may
choose that index, and then each claim looks at all of them. It is also one index less to write at each change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "ix_question_runs_snapshot_id"


def upgrade() -> None:
    op.drop_index(NAME, "question_runs")
    op.create_index(NAME, "question_runs", ["snapshot_id"], postgresql_where=sa.text("snapshot_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index(NAME, "question_runs")
    op.create_index(NAME, "question_runs", ["snapshot_id"])
