"""what a number's interval is about, and its second interval"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

COLUMNS = {
    "about": "TEXT",
    "answers": "BIGINT",
    "questions": "BIGINT",
    "effective_n": "DOUBLE PRECISION",
    "these_low": "DOUBLE PRECISION",
    "these_high": "DOUBLE PRECISION",
    "these_method": "TEXT",
}


def upgrade() -> None:
    """Numbers of before have none of it; their `rule_version` says by which rule their interval was drawn."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute(f"ALTER TABLE metrics {', '.join(f'ADD COLUMN {name} {kind}' for name, kind in COLUMNS.items())}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute(f"ALTER TABLE metrics {', '.join(f'DROP COLUMN {name}' for name in COLUMNS)}")
