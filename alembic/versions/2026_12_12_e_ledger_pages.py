"""rows of a partner's ledger in their order, and its grants alone"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_index("ix_ledger_partner_id", table_name="ledger")
    op.create_index("ix_ledger_partner_id_id", "ledger", ["partner_id", "id"])
    op.create_index(
        "ix_ledger_granted",
        "ledger",
        ["partner_id"],
        postgresql_include=["credits"],
        postgresql_where=sa.text("entry = 'grant'"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_index("ix_ledger_granted", table_name="ledger")
    op.drop_index("ix_ledger_partner_id_id", table_name="ledger")
    op.create_index("ix_ledger_partner_id", "ledger", ["partner_id"])
