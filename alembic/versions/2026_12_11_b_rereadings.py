"""stored answers that are read again"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("llm_calls", "call_totals", "call_durations")
FORMER = "'ask', 'read', 'names', 'eval', 'domains'"
PURPOSES = f"{FORMER}, 'reread'"
FORMER_ACTIONS = (
    "'trigger', 'grant', 'cancel', 'retry', 'import', 'breaker', 'pause', 'resume', 'accept name', 'reject name'"
)
ACTIONS = f"{FORMER_ACTIONS}, 'reevaluate', 'export'"
MOMENT = sa.DateTime(timezone=True)


def zero(name: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column:
    return sa.Column(name, kind(), server_default="0", nullable=False)


def upgrade() -> None:
    """Every old row fits."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "reevaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid()),
        sa.Column("batch_id", sa.Uuid()),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("is_compared", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Date()),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("planned", sa.Integer()),
        sa.Column("planned_upto", sa.Uuid()),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint("state IN ('open', 'compared', 'done', 'cancelled')", name=op.f("ck_reevaluations_state")),
        sa.CheckConstraint("num_nonnulls(org_id, batch_id) = 1", name=op.f("ck_reevaluations_subject")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_reevaluations_ended")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_reevaluations_org_id_orgs")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_reevaluations_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reevaluations")),
    )
    op.create_index(
        "uq_reevaluations_open",
        "reevaluations",
        ["org_id", "batch_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "rereadings",
        sa.Column("reevaluation_id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        zero("fence"),
        zero("failures"),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", MOMENT),
        sa.Column("next_at", MOMENT),
        zero("reader"),
        sa.Column("error", sa.Text()),
        zero("calls"),
        zero("cost_microusd", sa.BigInteger),
        sa.Column("reading", JSONB(none_as_null=True)),
        sa.Column("applied_as", sa.Uuid()),
        sa.CheckConstraint("state IN ('pending', 'reading', 'done', 'failed')", name=op.f("ck_rereadings_state")),
        sa.CheckConstraint("(state = 'done') = (reading IS NOT NULL)", name=op.f("ck_rereadings_read")),
        sa.CheckConstraint("applied_as IS NULL OR reading IS NOT NULL", name=op.f("ck_rereadings_applied")),
        sa.ForeignKeyConstraint(
            ["reevaluation_id"], ["reevaluations.id"], name=op.f("fk_rereadings_reevaluation_id_reevaluations")
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_rereadings_evaluation_id_evaluations")
        ),
        sa.ForeignKeyConstraint(["applied_as"], ["evaluations.id"], name=op.f("fk_rereadings_applied_as_evaluations")),
        sa.PrimaryKeyConstraint("reevaluation_id", "evaluation_id", name=op.f("pk_rereadings")),
    )
    op.create_index(
        "ix_rereadings_open",
        "rereadings",
        ["reevaluation_id", "run_id"],
        postgresql_where=sa.text("state IN ('pending', 'reading')"),
    )
    op.create_index("ix_rereadings_batch", "rereadings", ["reevaluation_id", "batch_id"])
    op.create_index("ix_rereadings_evaluation_id", "rereadings", ["evaluation_id"])
    op.create_index(
        "ix_rereadings_applied_as",
        "rereadings",
        ["applied_as"],
        postgresql_where=sa.text("applied_as IS NOT NULL"),
    )
    allow(PURPOSES, ACTIONS)


def downgrade() -> None:
    """What was read again stays, and that it was is no longer told: its calls count as measurements.

    A former version counts every reading, so those that are no longer current go.
    """
    op.drop_table("rereadings")
    op.drop_table("reevaluations")
    for table in ("competitors", "claims"):
        op.execute(f"DELETE FROM {table} WHERE evaluation_id IN (SELECT id FROM evaluations WHERE NOT is_current)")
    op.execute("DELETE FROM evaluations WHERE NOT is_current")
    op.execute("DELETE FROM audit WHERE action IN ('reevaluate', 'export')")
    op.execute("UPDATE llm_calls SET purpose = 'eval' WHERE purpose = 'reread'")
    for table in ("call_totals", "call_durations"):
        op.execute(f"DELETE FROM {table} WHERE purpose = 'reread'")
    allow(FORMER, FORMER_ACTIONS)


def allow(purposes: str, actions: str) -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table in TABLES:
        check(table, "purpose", purposes)
    check("audit", "action", actions)


def check(table: str, column: str, members: str) -> None:
    name = f"ck_{table}_{column}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({members})) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
