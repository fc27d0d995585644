"""alarms, the messages that tell of them, and what they are made from"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('failed batches', 'blocked partners', 'breaker', 'cost ceiling', 'missed schedule', 'no tick', "
    "'differences', 'restarts')"
)


def moment(name: str, *, default: bool = False) -> sa.Column:
    """Nullable without a default."""
    said = sa.func.now() if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=said, nullable=not default)


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def word(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def serial() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("beats", sa.Column("due_hour", sa.Integer(), nullable=True))
    messages()
    alarms()
    periods()
    restarts()
    badly = sa.text("state IN ('partial', 'failed')")
    op.create_index("ix_batches_ended_badly", "batches", ["ended_at"], postgresql_where=badly)


def messages() -> None:
    op.create_table(
        "alarm_messages",
        serial(),
        word("kind"),
        word("part"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        word("text"),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        number("tries"),
        moment("next_at", default=True),
        moment("lease_until"),
        moment("tried_at"),
        sa.Column("error", sa.Text(), nullable=True),
        moment("created_at", default=True),
        moment("sent_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_messages")),
        sa.CheckConstraint(KINDS, name=op.f("ck_alarm_messages_kind")),
        sa.CheckConstraint("part IN ('first', 'more', 'over')", name=op.f("ck_alarm_messages_part")),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'dropped', 'not configured')", name=op.f("ck_alarm_messages_status")
        ),
    )
    pending = sa.text("status = 'pending'")
    op.create_index("ix_alarm_messages_due", "alarm_messages", ["next_at"], postgresql_where=pending)
    op.create_index("ix_alarm_messages_tried_at", "alarm_messages", ["tried_at"])


def alarms() -> None:
    op.create_table(
        "alarms",
        serial(),
        word("key"),
        word("kind"),
        sa.Column("subject", sa.Text(), nullable=True),
        word("said"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        moment("noticed_at", default=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("key", name=op.f("uq_alarms_key")),
        sa.CheckConstraint(KINDS, name=op.f("ck_alarms_kind")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["alarm_messages.id"], name=op.f("fk_alarms_message_id_alarm_messages")
        ),
    )
    gathered = sa.text("message_id IS NULL")
    op.create_index("ix_alarms_gathered", "alarms", ["kind"], postgresql_where=gathered)
    op.create_index("ix_alarms_happened_at", "alarms", ["happened_at"])
    op.create_index("ix_alarms_message_id", "alarms", ["message_id"])


def periods() -> None:
    op.create_table(
        "alarm_periods",
        word("kind"),
        moment("looked_at"),
        moment("next_look_at", default=True),
        moment("since"),
        moment("due_at"),
        number("window_seconds"),
        number("messages"),
        number("count"),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_alarm_periods")),
        sa.CheckConstraint(KINDS, name=op.f("ck_alarm_periods_kind")),
    )


def restarts() -> None:
    op.create_table(
        "restarts",
        serial(),
        moment("at", default=True),
        word("host"),
        word("process"),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restarts")),
    )


def downgrade() -> None:
    op.drop_index("ix_batches_ended_badly", "batches")
    for table in ("restarts", "alarm_periods", "alarms", "alarm_messages"):
        op.drop_table(table)
    op.execute("DELETE FROM outbox WHERE pipeline = 'alarm'")
    op.drop_column("beats", "due_hour")
