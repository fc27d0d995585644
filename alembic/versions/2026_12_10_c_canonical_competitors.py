"""one competitor of an org over all its batches"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Starts empty: it is filled as batches end. `orgs.competitors` may hold objects beside names from here on."""
    op.create_table(
        "canonical_competitors",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("latest_batch", sa.Uuid(), nullable=False),
        sa.Column("in_latest", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('seen', 'discovered', 'tracked')", name=op.f("ck_canonical_competitors_state")),
        sa.ForeignKeyConstraint(
            ["latest_batch"], ["batches.id"], name=op.f("fk_canonical_competitors_latest_batch_batches")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_canonical_competitors_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", "key", name=op.f("pk_canonical_competitors")),
    )


def downgrade() -> None:
    """Of a tracked competitor its name stays."""
    op.execute("""
        UPDATE orgs SET competitors = (
            SELECT jsonb_agg(coalesce(one.value->'name', one.value) ORDER BY one.place)
            FROM jsonb_array_elements(competitors) WITH ORDINALITY AS one(value, place)
        )
        WHERE jsonb_path_exists(competitors, '$[*] ? (@.type() == "object")')
    """)
    op.drop_table("canonical_competitors")
