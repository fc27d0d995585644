"""webhooks, what is sent to them, and fingerprints of websites that are encrypted"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

NEW = "'webhook', 'rotate keys'"
FORMER = (
    "'trigger', 'grant', 'cancel', 'retry', 'import', 'breaker', 'pause', 'resume', 'accept name', 'reject name', "
    "'reevaluate', 'export', 'create token', 'revoke token'"
)
KIND = "'disabled webhooks'"
FORMER_KINDS = (
    "'failed batches', 'blocked partners', 'breaker', 'cost ceiling', 'missed schedule', 'no tick', 'differences', "
    "'restarts'"
)
ALARMS = ("alarm_messages", "alarms", "alarm_periods")


def word(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, default: bool = False) -> sa.Column:
    standard = sa.func.now() if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=standard, nullable=not default)


def upgrade() -> None:
    """Every old row fits."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    webhooks()
    deliveries()
    op.add_column("org_websites", word("fingerprint", nullable=True))
    allow("audit", "action", f"{FORMER}, {NEW}")
    for table in ALARMS:
        allow(table, "kind", f"{FORMER_KINDS}, {KIND}")


def webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        word("url"),
        word("secret"),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        word("created_by"),
        moment("created_at", default=True),
        moment("disabled_at"),
        word("disabled_because", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_webhooks_partner_id_partners")),
    )
    op.create_index("ix_webhooks_partner_id", "webhooks", ["partner_id"])


def deliveries() -> None:
    op.create_table(
        "deliveries",
        word("key"),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        word("event"),
        word("body"),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        moment("next_at", default=True),
        moment("lease_until"),
        sa.Column("response_status", sa.Integer(), nullable=True),
        word("error", nullable=True),
        moment("created_at", default=True),
        moment("sent_at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deliveries")),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed')", name=op.f("ck_deliveries_status")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_deliveries_batch_id_batches")),
    )
    op.create_index("ix_deliveries_webhook_id_created_at", "deliveries", ["webhook_id", "created_at"])
    op.create_index("ix_deliveries_batch_id", "deliveries", ["batch_id"])
    due = sa.text("status = 'pending'")
    op.create_index("ix_deliveries_due", "deliveries", ["webhook_id", "next_at"], postgresql_where=due)


def downgrade() -> None:
    """Webhooks go, and what was sent to them. Refused while websites are encrypted: nothing could read them."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM org_websites WHERE fingerprint IS NOT NULL) THEN
                RAISE EXCEPTION 'websites are encrypted: decrypt them with senso rotate-keys --decrypt first';
            END IF;
        END $$
    """)
    op.drop_table("deliveries")
    op.drop_table("webhooks")
    op.drop_column("org_websites", "fingerprint")
    op.execute(f"DELETE FROM audit WHERE action IN ({NEW})")
    allow("audit", "action", FORMER)
    for table in ("alarms", "alarm_messages", "alarm_periods"):
        op.execute(f"DELETE FROM {table} WHERE kind = {KIND}")
        allow(table, "kind", FORMER_KINDS)


def allow(table: str, column: str, values: str) -> None:
    name = f"ck_{table}_{column}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({values})) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
