"""a batch is about an org, a network, or one org over a network's answers"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SUBJECT = "(org_id IS NOT NULL) = (kind IN ('org', 'network_org')) AND (network_id IS NOT NULL) = (kind <> 'org')"


def upgrade() -> None:
    op.create_check_constraint("subject", "batches", SUBJECT)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_batches_subject"), "batches", type_="check")
