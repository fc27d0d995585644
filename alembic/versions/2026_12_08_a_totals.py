"""totals of what has ended, for metrics; memory and CPU of workers"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('ask', 'read', 'names')"
KINDS = "kind IN ('org', 'network', 'network_org')"


def words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def sums(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in names]


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def table(name: str, key: list[sa.Column], columns: list[sa.Column], check: dict[str, str]) -> None:
    checks = [sa.CheckConstraint(sql, name=op.f(f"ck_{name}_{what}")) for what, sql in check.items()]
    names = [column.name for column in key]
    op.create_table(name, *key, *columns, *checks, sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{name}")))


def bucket() -> sa.Column:
    return sa.Column("bucket", sa.SmallInteger(), nullable=False)


def upgrade() -> None:
    """Counting begins now: what has ended before is in no total. No table is rewritten."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    tokens = ("tokens_in", "tokens_cached", "tokens_out")
    call = ("provider", "model", "purpose")
    of_purpose, of_kind = {"purpose": PURPOSES}, {"kind": KINDS}
    table("call_totals", words(*call, "outcome"), sums("calls", *tokens, "cost_microusd", "unknown_cost"), of_purpose)
    table("call_durations", [*words(*call), bucket()], sums("calls", "milliseconds"), of_purpose)
    table("day_costs", [sa.Column("day", sa.Date(), nullable=False)], sums("cost_microusd"), {})
    table("ended_totals", words("what", "kind", "state"), sums("ended"), of_kind)
    table("batch_durations", [*words("kind"), bucket()], sums("batches", "milliseconds"), of_kind)
    table("repair_totals", words("kind"), sums("repaired"), {})
    identity = sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)
    table("uncounted_calls", [identity], [sa.Column("job_id", sa.Uuid(), nullable=True)], {})
    op.create_index(op.f("ix_uncounted_calls_job_id"), "uncounted_calls", ["job_id"])
    counting()
    op.add_column("batches", moment("counted_ended_at", nullable=True))
    op.create_index(
        "ix_batches_uncounted",
        "batches",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS DISTINCT FROM counted_ended_at"),
    )
    op.create_index("ix_pushes_failed", "pushes", ["created_at"], postgresql_where=sa.text("status = 'failed'"))
    op.add_column("workers", sa.Column("rss_bytes", sa.BigInteger(), nullable=True))
    op.add_column("workers", sa.Column("cpu_seconds", sa.Float(), nullable=True))


def counting() -> None:
    marks = ("last_call", "last_repair", "next_call", "next_repair", "next_xid")
    table(
        "counting",
        [sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False)],
        [
            *(sa.Column(name, sa.BigInteger(), nullable=False) for name in marks),
            moment("next_at"),
            moment("began_at"),
            moment("counted_at", nullable=True),
            *sums("uncounted"),
        ],
        {"one_row": "id = 1"},
    )
    op.execute("""
        INSERT INTO counting (id, last_call, last_repair, next_call, next_repair, next_xid)
        SELECT 1, calls, repairs, calls, repairs, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        FROM (SELECT coalesce((SELECT max(id) FROM llm_calls), 0) AS calls,
            coalesce((SELECT max(id) FROM repairs), 0) AS repairs) AS newest
    """)


def downgrade() -> None:
    op.drop_column("workers", "cpu_seconds")
    op.drop_column("workers", "rss_bytes")
    op.drop_index("ix_pushes_failed", "pushes")
    op.drop_index("ix_batches_uncounted", "batches")
    op.drop_column("batches", "counted_ended_at")
    for name in ("counting", "uncounted_calls", "repair_totals", "batch_durations", "ended_totals", "day_costs"):
        op.drop_table(name)
    op.drop_table("call_durations")
    op.drop_table("call_totals")
