"""live events"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

STATES = "'queued', 'running', 'completed', 'partial', 'failed', 'blocked', 'cancelled'"
# An id is given out when a row is inserted, not when it is committed. Who reads on from the highest id it knows would
# miss a lower one that is committed later; so whoever inserts waits for the one before. The trigger fires before the
# statement takes an id.
IN_TURN = """
CREATE FUNCTION events_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM event_turn FOR NO KEY UPDATE;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER events_turn BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION events_in_turn()
"""


def moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def json(name: str) -> sa.Column:
    return sa.Column(name, sa.dialects.postgresql.JSONB(), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    events()
    marks()
    op.create_table(
        "event_turn",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        moment("next_at"),
        moment("whole_at"),
        sa.CheckConstraint("id = 1", name=op.f("ck_event_turn_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_turn")),
    )
    op.execute("INSERT INTO event_turn (id) VALUES (1)")
    op.execute(IN_TURN)
    op.execute(TRIGGER)
    op.add_column("breaker_events", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE breaker_events SET told_at = now()")
    op.create_index("ix_breaker_events_untold", "breaker_events", ["id"], postgresql_where=sa.text("told_at IS NULL"))


def events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        json("data"),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        moment("created_at"),
        sa.CheckConstraint("kind IN ('state', 'progress', 'breaker')", name=op.f("ck_events_kind")),
        sa.CheckConstraint("(kind = 'breaker') = (batch_id IS NULL)", name=op.f("ck_events_batch")),
        sa.CheckConstraint("(batch_id IS NULL) = (partner_id IS NULL)", name=op.f("ck_events_partner")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_events_batch_id_batches")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_events_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_batch_id", "events", ["batch_id", "id"])
    op.create_index("ix_events_partner_id", "events", ["partner_id", "id"])


def marks() -> None:
    op.create_table(
        "event_marks",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        json("data"),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_event_marks_state")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_event_marks_batch_id_batches")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_event_marks")),
    )
    for name, states in {"running": "state = 'running'", "waiting": "state IN ('queued', 'blocked')"}.items():
        op.create_index(f"ix_event_marks_{name}", "event_marks", ["batch_id"], postgresql_where=sa.text(states))


def downgrade() -> None:
    op.drop_index("ix_breaker_events_untold", "breaker_events")
    op.drop_column("breaker_events", "told_at")
    op.drop_table("events")
    op.drop_table("event_marks")
    op.drop_table("event_turn")
    op.execute("DROP FUNCTION events_in_turn()")
