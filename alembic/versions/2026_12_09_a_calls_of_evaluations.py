"""calls that read labelled answers"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("llm_calls", "call_totals", "call_durations")
FORMER, PURPOSES = "'ask', 'read', 'names'", "'ask', 'read', 'names', 'eval'"


def upgrade() -> None:
    """Every old row fits."""
    allow(PURPOSES)


def downgrade() -> None:
    """Such calls are told as readings; their totals go."""
    op.execute("UPDATE llm_calls SET purpose = 'read' WHERE purpose = 'eval'")
    for table in ("call_totals", "call_durations"):
        op.execute(f"DELETE FROM {table} WHERE purpose = 'eval'")
    allow(FORMER)


def allow(purposes: str) -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table in TABLES:
        name = f"ck_{table}_purpose"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (purpose IN ({purposes})) NOT VALID")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
