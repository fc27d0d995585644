"""what a worker takes and since when it idles, and when a beat last ticked"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workers", sa.Column("queues", ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("workers", sa.Column("idle_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "beats",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_beats"),
    )


def downgrade() -> None:
    op.drop_table("beats")
    op.drop_column("workers", "idle_since")
    op.drop_column("workers", "queues")
