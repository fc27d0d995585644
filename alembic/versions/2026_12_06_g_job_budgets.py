"""answers of 429 by vendors of jobs, and which jobs have a place at their vendor"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KINDS = "'submit', 'poll', 'download', 'list', 'inputs', 'cancel'"
HAS_PLACE = "state = 'running' OR (state = 'submitting' AND (place_at IS NOT NULL OR maybe_sent_at IS NOT NULL))"


def upgrade() -> None:
    """A job that was planned before gets its place when it is due. The column rewrites no table."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "limited_requests",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("pause_seconds", sa.Float(), nullable=False),
        sa.Column("in_a_row", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"request IN ({KINDS})", name=op.f("ck_limited_requests_request")),
    )
    op.create_index("ix_limited_requests_at", "limited_requests", ["provider", "at"])
    op.add_column("vendor_jobs", sa.Column("place_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_vendor_jobs_places", "vendor_jobs", ["model_id", "batch_id"], postgresql_where=sa.text(HAS_PLACE)
    )


def downgrade() -> None:
    op.drop_index("ix_vendor_jobs_places", "vendor_jobs")
    op.drop_column("vendor_jobs", "place_at")
    op.drop_table("limited_requests")
