"""what a model accepts and costs, and when it is retired

Prices stood in the program until now: what earlier calls cost was reckoned with the same ones, so that no moment of a
change is noted for them. A model of which only the price was known gets a row.
"""

from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, insert

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PROPERTIES = ("parameters", "prices", "retirement")
# A model that somebody uses stays when this is taken back.
USERS = ("org_models", "network_models", "question_runs", "snapshots")
LIST = {"source": "litellm 1.109.1 and the vendors' price pages", "read_on": "2026-11-21"}
MAP = {"source": "model_prices_and_context_window of litellm 1.109.1", "read_on": "2026-11-21"}
OPENAI_GUIDES = "OpenAI's guides and litellm 1.109.1"
OPENAI_RETIREMENTS = {"source": "developers.openai.com/api/docs/deprecations", "read_on": "2026-11-28"}

# provider, its name for the model: micro-dollars per token in, cached token in, token out, web search; per record.
PRICES = {
    ("openai", "gpt-4.1"): (2.00, 0.50, 8.00, 25_000, None),
    ("openai", "gpt-4.1-mini"): (0.40, 0.10, 1.60, 25_000, None),
    ("openai", "gpt-4o"): (2.50, 1.25, 10.00, None, None),
    ("openai", "gpt-4o-mini"): (0.15, 0.075, 0.60, 25_000, None),
    ("openai", "gpt-5.1"): (1.25, 0.125, 10.00, 10_000, None),
    ("openai", "gpt-5.2"): (1.75, 0.175, 14.00, None, None),
    ("openai", "gpt-5.4"): (2.50, 0.25, 15.00, None, None),
    ("openai", "gpt-5.4-mini"): (0.75, 0.075, 4.50, None, None),
    ("openai", "gpt-5.4-nano"): (0.20, 0.02, 1.25, None, None),
    ("brightdata", "chatgpt"): (None, None, None, None, 1_500),
    ("brightdata", "perplexity"): (None, None, None, None, 1_500),
    ("brightdata", "gemini"): (None, None, None, None, 1_500),
}
KINDS = ("token_in", "token_cached", "token_out", "search", "record")
LOW_TO_HIGH = ["none", "low", "medium", "high"]
LOW_TO_HIGHEST = [*LOW_TO_HIGH, "xhigh"]
# Whether a temperature is accepted, whatever the effort is; the words for the effort, from the least; tokens of output.
PARAMETERS = {
    "gpt-4.1": (True, [], 32_768),
    "gpt-4.1-mini": (True, [], 32_768),
    "gpt-4o": (True, [], 16_384),
    "gpt-4o-mini": (True, [], 16_384),
    "gpt-5.1": (False, LOW_TO_HIGH, 128_000),
    "gpt-5.2": (False, LOW_TO_HIGHEST, 128_000),
    "gpt-5.4": (False, LOW_TO_HIGHEST, 128_000),
    "gpt-5.4-mini": (False, LOW_TO_HIGHEST, 128_000),
    "gpt-5.4-nano": (False, LOW_TO_HIGHEST, 128_000),
}
RETIRED_ON = {
    "gpt-4.1": "2027-01-14",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
}
RETIRED_ON_IN_MAP = {"gpt-5.1": "2027-04-01", "gpt-5.4-nano": "2027-04-01"}

MODELS = sa.table(
    "models",
    sa.column("id", sa.Uuid()),
    sa.column("slug", sa.Text()),
    sa.column("provider", sa.Text()),
    sa.column("name", sa.Text()),
    sa.column("surface", sa.Text()),
    sa.column("deadline_seconds", sa.Integer()),
    *(sa.column(name, JSONB(none_as_null=True)) for name in PROPERTIES),
)


def upgrade() -> None:
    for name in PROPERTIES:
        op.add_column("models", sa.Column(name, JSONB(), nullable=True))
    op.add_column("models", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    there = {tuple(one) for one in op.get_bind().execute(sa.select(MODELS.c.provider, MODELS.c.name))}
    new = [name for provider, name in PRICES if provider == "openai" and (provider, name) not in there]
    if new:
        op.execute(insert(MODELS).values([row(name) for name in new]).on_conflict_do_nothing())
    for provider, name in PRICES:
        known = (MODELS.c.provider == provider) & (MODELS.c.name == name)
        op.execute(sa.update(MODELS).where(known).values(properties(provider, name)))


def row(name: str) -> dict[str, object]:
    made = {"id": uuid5(NAMESPACE_URL, f"senso:model:{name}"), "slug": name, "provider": "openai", "name": name}
    return made | {"surface": "api", "deadline_seconds": 90}


def properties(provider: str, name: str) -> dict[str, object]:
    prices = {kind: each for kind, each in zip(KINDS, PRICES[provider, name], strict=True) if each is not None}
    found: dict[str, object] = {"prices": prices | LIST}
    if provider == "openai":
        temperature, efforts, tokens = PARAMETERS[name]
        accepted = {"temperature": temperature, "reasoning_effort": efforts, "max_output_tokens": tokens}
        found["parameters"] = accepted | {"source": OPENAI_GUIDES, "read_on": "2026-11-28"}
        if name in RETIRED_ON:
            found["retirement"] = {"on": RETIRED_ON[name]} | OPENAI_RETIREMENTS
        elif name in RETIRED_ON_IN_MAP:
            found["retirement"] = {"on": RETIRED_ON_IN_MAP[name]} | MAP
    return found


def downgrade() -> None:
    """The rows that only have a price go too, unless somebody uses them; 0002 knows the others."""
    slugs = "'gpt-4o', 'gpt-4o-mini', 'gpt-5.1', 'gpt-5.2', 'gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano'"
    unused = " AND ".join(f"NOT EXISTS (SELECT FROM {table} t WHERE t.model_id = models.id)" for table in USERS)
    op.execute(f"DELETE FROM models WHERE slug IN ({slugs}) AND provider = 'openai' AND {unused}")
    for name in (*PROPERTIES, "changed_at"):
        op.drop_column("models", name)
