"""comparisons of the ledger with the work, and the indexes by which a daily one reads only what is new"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The indexes: a BRIN costs a charge next to nothing; the other one has two entries an episode."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("differences", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name="fk_reconciliations_partner_id_partners"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliations"),
        sa.UniqueConstraint("day", name="uq_reconciliations_day"),
        sa.CheckConstraint("count >= jsonb_array_length(differences)", name=op.f("ck_reconciliations_count")),
    )
    op.create_index("ix_ledger_created_at", "ledger", ["created_at"], postgresql_using="brin")
    op.create_index(
        "ix_ledger_held",
        "ledger",
        ["batch_id"],
        postgresql_include=["credits"],
        postgresql_where=sa.text("entry IN ('hold', 'release')"),
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_held", table_name="ledger")
    op.drop_index("ix_ledger_created_at", table_name="ledger")
    op.drop_table("reconciliations")
