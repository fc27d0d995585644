"""judged occurrences, claims and facts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FORMER = "'positive', 'negative', 'neutral'"
VALUES = {
    "kind": "'fact', 'opinion', 'comparison'",
    "polarity": FORMER,
    "verdict": "'supported', 'contradicted', 'not-covered'",
}
TEXTS = ("sentence", "kind", "polarity", "verdict", "fact", "url")


def upgrade() -> None:
    """Former readings have no occurrences: their mention text says what was counted."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("evaluations", sa.Column("occurrences", JSONB()))
    op.add_column("evaluations", sa.Column("sentiment_evidence", sa.Text()))
    allow_sentiments(f"{FORMER}, 'mixed'")
    for name in TEXTS:
        op.add_column("claims", sa.Column(name, sa.Text()))
    for name, values in VALUES.items():
        op.create_check_constraint(op.f(f"ck_claims_{name}"), "claims", f"{name} IN ({values})")
    op.create_table(
        "org_facts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_facts_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", "text", name=op.f("pk_org_facts")),
    )


def downgrade() -> None:
    """What was mixed is told as neutral."""
    op.drop_table("org_facts")
    for name in VALUES:
        op.drop_constraint(op.f(f"ck_claims_{name}"), "claims")
    for name in TEXTS:
        op.drop_column("claims", name)
    op.execute("UPDATE evaluations SET sentiment = 'neutral' WHERE sentiment = 'mixed'")
    allow_sentiments(FORMER)
    op.drop_column("evaluations", "sentiment_evidence")
    op.drop_column("evaluations", "occurrences")


def allow_sentiments(values: str) -> None:
    op.execute("ALTER TABLE evaluations DROP CONSTRAINT ck_evaluations_sentiment")
    op.execute(
        f"ALTER TABLE evaluations ADD CONSTRAINT ck_evaluations_sentiment CHECK (sentiment IN ({values})) NOT VALID"
    )
    op.execute("ALTER TABLE evaluations VALIDATE CONSTRAINT ck_evaluations_sentiment")
