"""how often each question is asked"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

RESERVED = "reserved >= 0 AND (reserved = 0 OR coalesce(reserved_in BETWEEN 1 AND episode, false))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE orgs ADD COLUMN samples INTEGER NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE orgs ADD COLUMN most_samples INTEGER NOT NULL DEFAULT 1")
    op.execute(
        "ALTER TABLE orgs ADD CONSTRAINT ck_orgs_samples "
        "CHECK (samples BETWEEN 1 AND most_samples AND most_samples <= 20)"
    )
    op.execute("ALTER TABLE networks ADD COLUMN samples INTEGER NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE networks ADD CONSTRAINT ck_networks_samples CHECK (samples BETWEEN 1 AND 20)")
    op.execute("ALTER TABLE batches ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE batches ADD COLUMN reserved_in INTEGER")
    op.execute(f"ALTER TABLE batches ADD CONSTRAINT ck_batches_reserved CHECK ({RESERVED}) NOT VALID")
    op.execute("ALTER TABLE batches VALIDATE CONSTRAINT ck_batches_reserved")


def downgrade() -> None:
    """Batches under way go on; what they hold for further answers is released with the rest."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE batches DROP COLUMN reserved_in")
    op.execute("ALTER TABLE batches DROP COLUMN reserved")
    op.execute("ALTER TABLE networks DROP COLUMN samples")
    op.execute("ALTER TABLE orgs DROP COLUMN most_samples, DROP COLUMN samples")
