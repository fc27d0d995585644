"""calls that read labelled answers"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FORMER, PURPOSES = "'ask', 'read', 'names'", "'ask', 'read', 'names', 'eval'"


def upgrade() -> None:
    """Every old row fits, so that none has to be looked at."""
    purposes(PURPOSES)


def downgrade() -> None:
    op.execute("UPDATE llm_calls SET purpose = 'read' WHERE purpose = 'eval'")
    purposes(FORMER)


def purposes(allowed: str) -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE llm_calls DROP CONSTRAINT ck_llm_calls_purpose")
    op.execute(f"ALTER TABLE llm_calls ADD CONSTRAINT ck_llm_calls_purpose CHECK (purpose IN ({allowed})) NOT VALID")
    op.execute("ALTER TABLE llm_calls VALIDATE CONSTRAINT ck_llm_calls_purpose")
