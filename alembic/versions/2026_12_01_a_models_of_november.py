"""more of an answer is kept, and the models of November 2026: what each accepts and costs, and when it is retired

The one list of known models, for review. Prices are micro-dollars: per token, per web search, per record. Sources:
LITELLM: the price map of litellm 1.110.2 on PyPI, which names the vendors' pages. OPENAI_OFF:
developers.openai.com/api/docs/deprecations. Where the two disagree, the vendor's page counts: a web search costs $10
per thousand with every OpenAI model, and the map still says $25 for gpt-4.1.

Defaults are chosen from it by price among those that live through 2027: gpt-6-luna asks and reads ($0.10 in, $0.50 out
per million tokens, released on 22 September 2026, no retirement announced).
"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, insert

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

READ_ON = "2026-11-28"
LITELLM = "model_prices_and_context_window of litellm 1.110.2"
OPENAI_OFF = "developers.openai.com/api/docs/deprecations"
OPENAI_GUIDES = "OpenAI's guides (reasoning, deployment checklist) and litellm 1.110.2"
ANTHROPIC_SDK = "anthropic 2.14.0 (_data/deprecated_models.py) and litellm 1.110.2"
GEMINI_GUIDES = "ai.google.dev/gemini-api/docs and litellm 1.110.2"
PERPLEXITY_PAGE = "docs.perplexity.ai/getting-started/pricing"
LINKUP_PAGE = "docs.linkup.so/pages/documentation/development/pricing"
BRIGHTDATA_PAGE = "brightdata.com/pricing/web-scraper"

UP_TO_HIGH = ["none", "low", "medium", "high"]
UP_TO_XHIGH = [*UP_TO_HIGH, "xhigh"]
UP_TO_MAX = [*UP_TO_XHIGH, "max"]
WITHOUT_XHIGH = ["low", "medium", "high", "max"]
FROM_MINIMAL = ["minimal", "low", "medium", "high"]
ALWAYS_THINKS = ["low", "medium", "high", "xhigh", "max"]

# name: in, cached, cache write, out (dollars per million tokens); efforts from the least.
OPENAI = {
    "gpt-6-luna": (0.10, 0.01, 0.125, 0.50, UP_TO_MAX),
    "gpt-6.1-terra": (1.00, 0.05, 1.25, 5.00, UP_TO_MAX),
    "gpt-6.1-sol": (2.00, 0.10, 2.50, 10.00, ALWAYS_THINKS),
    "gpt-6-sol": (2.00, 0.20, 2.50, 10.00, UP_TO_MAX),
    "gpt-6-astra": (10.00, 1.00, 12.50, 50.00, ALWAYS_THINKS),
    "gpt-5.6-luna": (0.20, 0.02, 0.25, 1.20, UP_TO_MAX),
    "gpt-5.6-terra": (2.00, 0.20, 2.50, 12.00, UP_TO_MAX),
    "gpt-5.6-sol": (4.00, 0.40, 5.00, 20.00, UP_TO_MAX),
    "gpt-5.5": (5.00, 0.50, None, 30.00, UP_TO_XHIGH),
}
OPENAI_SEARCH = 10_000
# Known since earlier: only their price of a search was wrong, or their retirement is new.
OPENAI_KNOWN = ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.4-mini")
OPENAI_KNOWN += ("gpt-5.4-nano",)

# slug: name, dollars as above; temperature, whether a tool may be demanded, whether it thinks unasked; efforts.
ANTHROPIC = {
    "claude-haiku-5-5": ("claude-haiku-5-5", (0.10, 0.01, 0.125, 0.50), (False, True, True), ALWAYS_THINKS),
    "claude": ("claude-sonnet-5-5", (2.00, 0.10, 2.50, 10.00), (False, False, True), ALWAYS_THINKS),
    "claude-sonnet-5": ("claude-sonnet-5", (2.00, 0.20, 2.50, 10.00), (False, None, True), ALWAYS_THINKS),
    "claude-sonnet-4-6": ("claude-sonnet-4-6", (3.00, 0.30, 3.75, 15.00), (True, True, False), WITHOUT_XHIGH),
    "claude-opus-5-5": ("claude-opus-5-5", (4.00, 0.20, 5.00, 20.00), (False, False, True), ALWAYS_THINKS),
}
ANTHROPIC_SEARCH = 10_000
# What a long input multiplies the price of each token by.
LONG_INPUT = {"claude-haiku-5-5": {"long_from": 100_000, "long_factor": 5}}
ANTHROPIC_SEARCH_TOOL = "web_search_20250305"

# slug: name, dollars as above, efforts from the least; retired on. gemini-3.8-flash: a price until 31 December 2026.
GEMINI = {
    "gemini-api": ("gemini-3.8-flash", (0.75, 0.075, None, 3.75), ["low", "medium", "high"], None),
    "gemini-3.5-flash-lite": ("gemini-3.5-flash-lite", (0.30, 0.03, None, 2.50), FROM_MINIMAL, None),
    "gemini-3.1-flash-lite": ("gemini-3.1-flash-lite", (0.25, 0.025, None, 1.50), FROM_MINIMAL, "2027-05-07"),
}
GEMINI_SEARCH = 14_000  # per query

KINDS = ("token_in", "token_cached", "token_written", "token_out")
MODELS = sa.table(
    "models",
    sa.column("id", sa.Uuid()),
    sa.column("slug", sa.Text()),
    sa.column("provider", sa.Text()),
    sa.column("name", sa.Text()),
    sa.column("surface", sa.Text()),
    sa.column("deadline_seconds", sa.Integer()),
    *(sa.column(name, JSONB(none_as_null=True)) for name in ("parameters", "prices", "retirement")),
    sa.column("priced_at", sa.DateTime(timezone=True)),
)


def sourced(values: dict[str, Any], source: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None} | {"source": source, "read_on": READ_ON}


def per_token(dollars: tuple[float | None, ...]) -> dict[str, Any]:
    """Dollars per million tokens are micro-dollars per token."""
    return dict(zip(KINDS, dollars, strict=True))


def model(slug: str, provider: str, name: str, **properties: Any) -> dict[str, Any]:
    surface, seconds = ("consumer", 1200) if provider == "brightdata" else ("api", 90)
    made = {"id": uuid5(NAMESPACE_URL, f"senso:model:{slug}"), "slug": slug, "provider": provider, "name": name}
    empty = {"parameters": None, "prices": None, "retirement": None}
    return made | {"surface": surface, "deadline_seconds": seconds} | empty | properties


def of_openai() -> list[dict[str, Any]]:
    return [
        model(
            name,
            "openai",
            name,
            parameters=sourced(
                {"temperature": False, "reasoning_effort": efforts, "max_output_tokens": 128_000}, OPENAI_GUIDES
            ),
            prices=sourced(per_token(dollars) | {"search": OPENAI_SEARCH}, LITELLM),
        )
        for name, (*dollars, efforts) in OPENAI.items()
    ]


def of_anthropic() -> list[dict[str, Any]]:
    return [
        model(
            slug,
            "anthropic",
            name,
            parameters=sourced(
                {
                    "temperature": temperature,
                    "forced_tool": forced_tool,
                    "thinks": thinks,
                    "reasoning_effort": efforts,
                    "search_tool": ANTHROPIC_SEARCH_TOOL,
                    "max_output_tokens": 64_000 if name == "claude-sonnet-4-6" else 128_000,
                },
                ANTHROPIC_SDK,
            ),
            prices=sourced(per_token(dollars) | {"search": ANTHROPIC_SEARCH} | LONG_INPUT.get(name, {}), LITELLM),
        )
        for slug, (name, dollars, (temperature, forced_tool, thinks), efforts) in ANTHROPIC.items()
    ]


def of_gemini() -> list[dict[str, Any]]:
    return [
        model(
            slug,
            "gemini",
            name,
            parameters=sourced(
                {"temperature": False, "reasoning_effort": efforts, "thinks": True, "max_output_tokens": 65_536},
                GEMINI_GUIDES,
            ),
            prices=sourced(per_token(dollars) | {"search": GEMINI_SEARCH}, LITELLM),
            retirement=sourced({"on": day}, LITELLM) if day else None,
        )
        for slug, (name, dollars, efforts, day) in GEMINI.items()
    ]


def of_others() -> list[dict[str, Any]]:
    sonar = per_token((0.25, 0.0625, None, 2.50)) | {"search": 2_500}
    record = sourced({"record": 1_500}, BRIGHTDATA_PAGE)
    return [
        model(
            "sonar",
            "perplexity",
            "perplexity/sonar",
            parameters=sourced({"thinks": False}, PERPLEXITY_PAGE),
            prices=sourced(sonar, PERPLEXITY_PAGE),
        ),
        model("linkup", "linkup", "standard", prices=sourced({"search": 6_000}, LINKUP_PAGE)),
        model("google-ai-mode", "brightdata", "google-ai-mode", prices=record),
        model("copilot", "brightdata", "copilot", prices=record),
    ]


ALL = [*of_openai(), *of_anthropic(), *of_gemini(), *of_others()]
# An installation may have changed these by an import: then they stay as they are.
REPLACED = {"claude": "claude-sonnet-5", "sonar": "sonar", "gemini-api": "gemini-3.5-flash"}
COLUMNS = {
    "question_runs": ("queries jsonb", "location_honoured text", "other_model text", "vendor_id text", "reply jsonb"),
    "llm_calls": ("tokens_written integer", "tokens_thinking integer"),
    "citations": ("spans jsonb",),
    "evaluations": ("reader integer NOT NULL DEFAULT 0",),
    "models": ("priced_at timestamptz",),
}
HONOURED = "ck_question_runs_location_honoured"


def upgrade() -> None:
    """Columns without a default that is computed: no row is written."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    for table, columns in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} " + ", ".join(f"ADD COLUMN {column}" for column in columns))
    op.execute(
        f"ALTER TABLE question_runs ADD CONSTRAINT {HONOURED} CHECK (location_honoured IN ('yes', 'no', 'unknown'))"
    )
    for name in OPENAI_KNOWN:
        op.execute(
            "UPDATE models SET prices = prices || jsonb_build_object('search', 10000), priced_at = now() "
            f"WHERE provider = 'openai' AND name = '{name}' AND changed_at IS NULL AND prices IS NOT NULL"
        )
    for one in ALL:
        replace(one)


def replace(one: dict[str, Any]) -> None:
    """Inserts a model, or renews the row that an earlier migration made and no import has changed since."""
    new = insert(MODELS).values(one)
    renewed: dict[str, Any] = {name: new.excluded[name] for name in ("name", "parameters", "prices", "retirement")}
    renewed["priced_at"] = sa.func.now()
    former = REPLACED.get(one["slug"], one["name"])
    untouched = sa.text(f"models.changed_at IS NULL AND models.name = '{former}'")
    op.execute(new.on_conflict_do_update(index_elements=["slug"], set_=renewed, where=untouched))


def downgrade() -> None:
    """Models that somebody uses stay, with what is known of them."""
    users = ("org_models", "network_models", "question_runs", "vendor_jobs")
    unused = " AND ".join(f"NOT EXISTS (SELECT FROM {table} t WHERE t.model_id = models.id)" for table in users)
    new = ", ".join(f"'{one['slug']}'" for one in ALL if one["slug"] not in REPLACED)
    op.execute(f"DELETE FROM models WHERE slug IN ({new}) AND {unused}")
    for slug, former in REPLACED.items():
        op.execute(
            f"UPDATE models SET name = '{former}', parameters = NULL, prices = NULL WHERE slug = '{slug}' AND {unused}"
        )
    for table, columns in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} " + ", ".join(f"DROP COLUMN {column.split()[0]}" for column in columns))
