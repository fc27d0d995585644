"""what has failed is found whatever the number of failures at which it is given up"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "question_runs": "state IN ('planned', 'asking')",
    "evaluations": "state IN ('pending', 'extracting')",
}


def upgrade() -> None:
    make("failures > 0")


def downgrade() -> None:
    make("failures >= 5")


def make(failed: str) -> None:
    """Few rows are in it; to make it Postgres reads each table once, and holds back those who write to it meanwhile.

    The old ones go when both are made: that takes milliseconds, but holds back those who read, too.
    """
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table, is_open in INDEXES.items():
        op.execute(f"CREATE INDEX ix_{table}_failed ON {table} (id) WHERE {is_open} AND {failed}")
    for table in INDEXES:
        op.execute(f"DROP INDEX ix_{table}_exhausted")
        op.execute(f"ALTER INDEX ix_{table}_failed RENAME TO ix_{table}_exhausted")
