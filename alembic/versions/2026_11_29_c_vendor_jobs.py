"""a job at a vendor is one of its own table: vendor_jobs takes the place of snapshots"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Renaming changes no row: it takes milliseconds under a lock of the table, however large it is.
INDEXES = ("pk", "uq_provider_external_id", "ix_batch_id", "ix_due", "ix_recent", "ix_cancel_due", "ix_request_hash")
CONSTRAINTS = ("ck_state", "fk_batch_id_batches", "fk_location_id_locations", "fk_model_id_models")
RUNS = "fk_question_runs_snapshot_id"


def upgrade() -> None:
    rename("snapshots", "vendor_jobs")


def downgrade() -> None:
    rename("vendor_jobs", "snapshots")


def rename(old: str, new: str) -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.rename_table(old, new)
    for name in INDEXES:
        op.execute(f"ALTER INDEX {named(name, old)} RENAME TO {named(name, new)}")
    for name in CONSTRAINTS:
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {named(name, old)} TO {named(name, new)}")
    op.execute(f"ALTER TABLE question_runs RENAME CONSTRAINT {RUNS}_{old} TO {RUNS}_{new}")


def named(name: str, table: str) -> str:
    """By the naming convention of the models: `ix_due` of a table is `ix_<table>_due`."""
    kind, _, rest = name.partition("_")
    return f"{kind}_{table}_{rest}".rstrip("_")
