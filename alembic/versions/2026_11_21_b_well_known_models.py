"""the well-known models

Data apart from schema. Ids are made from the slug, so that every installation has the same.
"""

from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A model that somebody uses stays when this is taken back.
USERS = ("org_models", "network_models", "question_runs", "snapshots")
# slug, provider, the provider's name for it, surface, seconds until its answer is given up
MODELS = [
    ("chatgpt", "brightdata", "chatgpt", "consumer", 1200),
    ("perplexity", "brightdata", "perplexity", "consumer", 1200),
    ("gemini", "brightdata", "gemini", "consumer", 1200),
    ("gpt-4.1", "openai", "gpt-4.1", "api", 90),
    ("gpt-4.1-mini", "openai", "gpt-4.1-mini", "api", 90),
    ("claude", "anthropic", "claude-sonnet-5", "api", 90),
    ("sonar", "perplexity", "sonar", "api", 90),
    ("gemini-api", "gemini", "gemini-3.5-flash", "api", 90),
]


def upgrade() -> None:
    models = sa.table(
        "models",
        sa.column("id", sa.Uuid()),
        sa.column("slug", sa.Text()),
        sa.column("provider", sa.Text()),
        sa.column("name", sa.Text()),
        sa.column("surface", sa.Text()),
        sa.column("deadline_seconds", sa.Integer()),
    )
    columns = ("slug", "provider", "name", "surface", "deadline_seconds")
    rows = [dict(zip(columns, model, strict=True)) for model in MODELS]
    made = [row | {"id": uuid5(NAMESPACE_URL, f"senso:model:{row['slug']}")} for row in rows]
    op.execute(insert(models).values(made).on_conflict_do_nothing())


def downgrade() -> None:
    slugs = ", ".join(f"'{model[0]}'" for model in MODELS)
    unused = " AND ".join(f"NOT EXISTS (SELECT FROM {table} t WHERE t.model_id = models.id)" for table in USERS)
    op.execute(f"DELETE FROM models WHERE slug IN ({slugs}) AND {unused}")
