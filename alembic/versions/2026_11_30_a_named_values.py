"""entries of the ledger, calls and the audit hold only values that the program knows"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

VALUES = {
    ("ledger", "entry"): ("grant", "hold", "charge", "release"),
    ("llm_calls", "purpose"): ("ask", "read", "names"),
    ("llm_calls", "outcome"): (
        "answered",
        "read",
        "found",
        "rate limited",
        "unavailable",
        "refused",
        "malformed",
        "failed",
    ),
    ("audit", "action"): ("trigger", "grant", "cancel", "retry", "import"),
}


def upgrade() -> None:
    """Each table is read once under a lock, which takes some tenths of a second for a million rows."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    for (table, column), values in VALUES.items():
        allowed = ", ".join(f"'{value}'" for value in values)
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({allowed}))")


def downgrade() -> None:
    for table, column in VALUES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
