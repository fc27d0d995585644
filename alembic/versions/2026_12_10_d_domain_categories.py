"""categories of cited domains"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

CATEGORIES = "category IN ('listing', 'news', 'social', 'reference', 'forum', 'government', 'shop', 'other')"
TABLES = ("llm_calls", "call_totals", "call_durations")
FORMER = "'ask', 'read', 'names', 'eval'"
PURPOSES = f"{FORMER}, 'domains'"


def upgrade() -> None:
    """Old citations have no category of their own: what is known of their domains is looked up when they are shown."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE citations ADD COLUMN category text")
    op.execute(f"ALTER TABLE citations ADD CONSTRAINT ck_citations_category CHECK ({CATEGORIES}) NOT VALID")
    op.execute("ALTER TABLE citations VALIDATE CONSTRAINT ck_citations_category")
    op.create_table(
        "domain_categories",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("noticed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint(CATEGORIES, name=op.f("ck_domain_categories_category")),
        sa.CheckConstraint("(category IS NULL) = (decided_at IS NULL)", name=op.f("ck_domain_categories_decided")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_categories")),
    )
    op.create_index(
        "ix_domain_categories_waiting",
        "domain_categories",
        ["noticed_at", "domain"],
        postgresql_where=sa.text("category IS NULL"),
    )
    allow(PURPOSES)


def downgrade() -> None:
    """Such calls are told as readings; their totals go."""
    op.execute("UPDATE llm_calls SET purpose = 'read' WHERE purpose = 'domains'")
    for table in ("call_totals", "call_durations"):
        op.execute(f"DELETE FROM {table} WHERE purpose = 'domains'")
    allow(FORMER)
    op.drop_table("domain_categories")
    op.drop_column("citations", "category")


def allow(purposes: str) -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table in TABLES:
        name = f"ck_{table}_purpose"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (purpose IN ({purposes})) NOT VALID")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
