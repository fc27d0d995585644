"""each try of a question or a reading with its reason and its job"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns without a default: no row is written. A foreign key that the next migration checks for old rows."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE llm_calls ADD COLUMN job_id uuid, ADD COLUMN error text")
    op.execute(
        "ALTER TABLE llm_calls ADD CONSTRAINT fk_llm_calls_job_id_vendor_jobs FOREIGN KEY (job_id) "
        "REFERENCES vendor_jobs (id) NOT VALID"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE llm_calls DROP COLUMN job_id, DROP COLUMN error")
