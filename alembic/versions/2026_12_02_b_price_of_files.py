"""what a call costs in a file of many: half, with OpenAI (developers.openai.com/api/docs/guides/batch)"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE llm_calls VALIDATE CONSTRAINT fk_llm_calls_job_id_vendor_jobs")
    op.execute(
        """UPDATE models SET prices = prices || '{"batch_factor": 0.5}'
        WHERE provider = 'openai' AND prices ? 'token_in' AND NOT prices ? 'batch_factor'"""
    )


def downgrade() -> None:
    op.execute("UPDATE models SET prices = prices - 'batch_factor' WHERE provider = 'openai'")
