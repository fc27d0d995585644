"""tags of questions, and numbers of them"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COLUMNS = ("batch_id", "name", "kind", "surface", "model", "location")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE questions ADD COLUMN tags TEXT[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE metrics ADD COLUMN tag TEXT")
    make_unique(COLUMNS, (*COLUMNS, "tag"))


def downgrade() -> None:
    """Numbers of tags are gone."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("DELETE FROM metrics WHERE tag IS NOT NULL")
    make_unique((*COLUMNS, "tag"), COLUMNS)
    op.execute("ALTER TABLE metrics DROP COLUMN tag")
    op.execute("ALTER TABLE questions DROP COLUMN tags")


def make_unique(former: tuple[str, ...], columns: tuple[str, ...]) -> None:
    op.execute(f"ALTER TABLE metrics DROP CONSTRAINT uq_metrics_{'_'.join(former)}")
    op.execute(
        f"ALTER TABLE metrics ADD CONSTRAINT uq_metrics_{'_'.join(columns)} "
        f"UNIQUE NULLS NOT DISTINCT ({', '.join(columns)})"
    )
