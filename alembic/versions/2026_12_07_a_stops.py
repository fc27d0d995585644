"""pauses, and ceilings on what a day costs"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A call counts towards its day by its cost, or by its estimate until that is known. Only calls that were claimed under
# a ceiling have an estimate: without one, no row is written here. Rows are added and never changed, so that no report
# waits for another; whoever claims under a ceiling adds them up.
COUNTED = """
CREATE FUNCTION count_cost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO cost_moves (day, partner_id, microusd)
    SELECT (NEW.started_at AT TIME ZONE 'UTC')::date, coalesce(o.partner_id, n.partner_id),
        coalesce(NEW.cost_microusd, NEW.estimate_microusd)
            - CASE WHEN OLD.estimate_microusd IS NULL THEN 0
                ELSE coalesce(OLD.cost_microusd, OLD.estimate_microusd) END
    FROM batches b LEFT JOIN networks n ON n.id = b.network_id LEFT JOIN orgs o ON o.id = coalesce(NEW.org_id, b.org_id)
    WHERE b.id = NEW.batch_id;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER llm_calls_cost AFTER UPDATE OF cost_microusd, estimate_microusd ON llm_calls FOR EACH ROW
WHEN (NEW.estimate_microusd IS NOT NULL) EXECUTE FUNCTION count_cost()
"""


def moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def upgrade() -> None:
    """No column rewrites its table."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        moment("paused_at"),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("scope IN ('all', 'provider', 'model', 'partner')", name=op.f("ck_pauses_scope")),
        sa.CheckConstraint("(scope = 'all') = (subject IS NULL)", name=op.f("ck_pauses_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
        sa.UniqueConstraint(
            "scope", "subject", name=op.f("uq_pauses_scope_subject"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "cost_stops",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("ceiling_microusd", sa.BigInteger(), nullable=False),
        sa.Column("spent_microusd", sa.BigInteger(), nullable=False),
        sa.Column("wanted_microusd", sa.BigInteger(), nullable=False),
        moment("reached_at"),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_cost_stops_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_stops")),
        sa.UniqueConstraint(
            "day", "partner_id", name=op.f("uq_cost_stops_day_partner_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_cost_stops_open", "cost_stops", ["id"], postgresql_where=sa.text("lifted_at IS NULL"))
    op.create_table(
        "cost_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("microusd", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_cost_days_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_days")),
        sa.UniqueConstraint(
            "day", "partner_id", name=op.f("uq_cost_days_day_partner_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "cost_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("microusd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_moves")),
    )
    op.add_column("partners", sa.Column("max_daily_cost_microusd", sa.BigInteger(), nullable=True))
    op.add_column("llm_calls", sa.Column("estimate_microusd", sa.BigInteger(), nullable=True))
    op.execute(COUNTED)
    op.execute(TRIGGER)
    op.execute("ALTER TABLE audit DROP CONSTRAINT ck_audit_action")
    op.execute(
        "ALTER TABLE audit ADD CONSTRAINT ck_audit_action CHECK "
        "(action IN ('trigger', 'grant', 'cancel', 'retry', 'import', 'breaker', 'pause', 'resume')) NOT VALID"
    )
    op.execute("ALTER TABLE audit VALIDATE CONSTRAINT ck_audit_action")


def downgrade() -> None:
    op.execute("DROP TRIGGER llm_calls_cost ON llm_calls")
    op.execute("DROP FUNCTION count_cost()")
    op.drop_column("llm_calls", "estimate_microusd")
    op.drop_column("partners", "max_daily_cost_microusd")
    for table in ("cost_moves", "cost_days", "cost_stops", "pauses"):
        op.drop_table(table)
    op.execute("ALTER TABLE audit DROP CONSTRAINT ck_audit_action")
    op.execute("DELETE FROM audit WHERE action IN ('pause', 'resume')")
    op.execute(
        "ALTER TABLE audit ADD CONSTRAINT ck_audit_action CHECK "
        "(action IN ('trigger', 'grant', 'cancel', 'retry', 'import', 'breaker'))"
    )
