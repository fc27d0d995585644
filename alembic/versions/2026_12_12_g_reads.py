"""calls of days by provider and partner, orgs by name, and what a webhook last accepted, without reading all of them"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

FIGURES = (
    *("calls", "useful", "tried_again", "rate_limited", "unavailable", "refused", "malformed", "failed", "open"),
    *("cost_microusd", "unknown_cost"),
)
# A call counts as tried again by the one after it, once that is counted.
COUNT = """
    WITH counted AS MATERIALIZED (
        SELECT c.id, c.run_id, c.purpose, c.org_id, c.provider, c.outcome, c.cost_microusd,
            (c.started_at AT TIME ZONE 'UTC')::date AS day, c.shared_id IS NULL OR c.shared_id = c.id AS is_whole,
            CASE WHEN c.org_id IS NOT NULL THEN (SELECT o.partner_id FROM orgs o WHERE o.id = c.org_id)
                ELSE (SELECT n.partner_id FROM batches b JOIN networks n ON n.id = b.network_id
                    WHERE b.id = c.batch_id) END AS partner_id
        FROM llm_calls c
        WHERE c.id <= (SELECT last_call FROM counting)
            AND NOT EXISTS (SELECT FROM uncounted_calls u WHERE u.id = c.id)
    )
    INSERT INTO call_days (day, provider, partner_id, calls, useful, tried_again, rate_limited, unavailable, refused,
        malformed, failed, open, cost_microusd, unknown_cost)
    SELECT day, provider, partner_id, count(*) FILTER (WHERE is_whole),
        count(*) FILTER (WHERE is_whole AND outcome IN ('answered', 'read', 'found')),
        count(*) FILTER (WHERE is_whole AND CASE WHEN outcome NOT IN ('answered', 'read', 'found') THEN EXISTS (
            SELECT FROM llm_calls l WHERE l.run_id = c.run_id AND l.id > c.id AND l.purpose = c.purpose
                AND l.org_id IS NOT DISTINCT FROM c.org_id AND l.id <= (SELECT last_call FROM counting)
                AND NOT EXISTS (SELECT FROM uncounted_calls u WHERE u.id = l.id)) END),
        count(*) FILTER (WHERE is_whole AND outcome = 'rate limited'),
        count(*) FILTER (WHERE is_whole AND outcome = 'unavailable'),
        count(*) FILTER (WHERE is_whole AND outcome = 'refused'),
        count(*) FILTER (WHERE is_whole AND outcome = 'malformed'),
        count(*) FILTER (WHERE is_whole AND outcome = 'failed'),
        count(*) FILTER (WHERE outcome IS NULL), coalesce(sum(cost_microusd), 0),
        count(*) FILTER (WHERE is_whole AND outcome IS NOT NULL AND cost_microusd IS NULL)
    FROM counted c GROUP BY day, provider, partner_id
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_index("ix_orgs_name_id", "orgs", ["name", "id"])
    op.create_index("ix_orgs_partner_id_name_id", "orgs", ["partner_id", "name", "id"])
    op.drop_index("ix_orgs_partner_id", table_name="orgs")
    op.create_index(
        "ix_deliveries_sent", "deliveries", ["webhook_id", "sent_at"], postgresql_where=sa.text("sent_at IS NOT NULL")
    )
    call_days()


def call_days() -> None:
    op.create_table(
        "call_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid()),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in FIGURES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_days")),
        sa.UniqueConstraint(
            *("day", "provider", "partner_id"),
            name=op.f("uq_call_days_day_provider_partner_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute("SELECT FROM counting FOR UPDATE")  # nothing is counted meanwhile
    op.execute(COUNT)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.drop_table("call_days")
    op.drop_index("ix_deliveries_sent", table_name="deliveries")
    op.create_index("ix_orgs_partner_id", "orgs", ["partner_id"])
    op.drop_index("ix_orgs_partner_id_name_id", table_name="orgs")
    op.drop_index("ix_orgs_name_id", table_name="orgs")
