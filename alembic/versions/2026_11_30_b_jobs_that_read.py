"""a vendor job holds questions or readings"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns without a default that is computed: no row is written, and old rows are jobs of questions."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("vendor_jobs", sa.Column("kind", sa.Text(), nullable=False, server_default="questions"))
    op.alter_column("vendor_jobs", "location_id", nullable=True)
    op.create_check_constraint(op.f("ck_vendor_jobs_kind"), "vendor_jobs", "kind IN ('questions', 'readings')")
    op.create_check_constraint(
        op.f("ck_vendor_jobs_location"), "vendor_jobs", "(kind = 'questions') = (location_id IS NOT NULL)"
    )
    op.add_column("evaluations", sa.Column("job_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_evaluations_job_id_vendor_jobs"), "evaluations", "vendor_jobs", ["job_id"], ["id"])
    op.create_index("ix_evaluations_job_id", "evaluations", ["job_id"], postgresql_where=sa.text("job_id IS NOT NULL"))


def downgrade() -> None:
    """Readings that a job holds are read by calls; jobs of readings have no place in the former schema."""
    op.execute("UPDATE evaluations SET job_id = NULL, next_at = now(), sent_at = NULL WHERE job_id IS NOT NULL")
    op.drop_index("ix_evaluations_job_id", "evaluations")
    op.drop_column("evaluations", "job_id")
    op.execute("DELETE FROM vendor_jobs WHERE kind = 'readings'")
    op.drop_constraint(op.f("ck_vendor_jobs_location"), "vendor_jobs")
    op.drop_constraint(op.f("ck_vendor_jobs_kind"), "vendor_jobs")
    op.alter_column("vendor_jobs", "location_id", nullable=False)
    op.drop_column("vendor_jobs", "kind")
