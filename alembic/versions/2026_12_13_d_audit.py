"""whom an audited action concerns, the timetable of beat, and requests of people without a token"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OWNER = f"""
    UPDATE audit SET partner_id = found.partner_id FROM (
        SELECT a.id, coalesce(
            bo.partner_id, bn.partner_id,
            CASE WHEN a.subject ~ '^partner:{ID}$' THEN substr(a.subject, 9)::uuid END,
            (SELECT o.partner_id FROM orgs o
                WHERE o.id = CASE WHEN a.subject ~ '^org:{ID}$' THEN substr(a.subject, 5)::uuid END),
            CASE WHEN a.details->>'partner_id' ~ '^{ID}$' THEN (a.details->>'partner_id')::uuid END,
            CASE WHEN a.action = 'webhook' AND a.details->>'partner' ~ '^{ID}$'
                THEN (a.details->>'partner')::uuid END) AS partner_id
        FROM audit a LEFT JOIN batches b ON b.id = a.batch_id LEFT JOIN orgs bo ON bo.id = b.org_id
        LEFT JOIN networks bn ON bn.id = b.network_id
    ) found WHERE found.id = audit.id AND found.partner_id IS NOT NULL
"""
INDEXES = ("partner_id", "actor", "action", "subject")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("audit", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.execute(OWNER)
    for one in INDEXES:
        op.create_index(f"ix_audit_{one}_id", "audit", [one, "id"])
    op.add_column("beats", sa.Column("timetable", JSONB(), nullable=True))
    op.drop_constraint("fk_api_requests_token_id_tokens", "api_requests", type_="foreignkey")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("DELETE FROM api_requests r WHERE NOT EXISTS (SELECT FROM tokens t WHERE t.id = r.token_id)")
    op.create_foreign_key("fk_api_requests_token_id_tokens", "api_requests", "tokens", ["token_id"], ["id"])
    op.drop_column("beats", "timetable")
    for one in INDEXES:
        op.drop_index(f"ix_audit_{one}_id", table_name="audit")
    op.drop_column("audit", "partner_id")
