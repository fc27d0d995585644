"""Passing many rows to one statement as JSON; a row may hold a list, such as the sources of an answer."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that only trigger or grant do not need the code that reads answers
    from senso.extraction.citations import Citation

# The columns of a citation, and their types.
CITED = {
    "url": "text",
    "canonical_url": "text",
    "host": "text",
    "registrable_domain": "text",
    "title": "text",
    "position": "int",
    "cited": "bool",
    "spans": "jsonb",
    "category": "text",
}
# The columns that say how a call ended, and their types.
REPORTED = {
    "call_id": "bigint",
    "outcome": "text",
    "tokens_in": "int",
    "tokens_cached": "int",
    "tokens_written": "int",
    "tokens_out": "int",
    "tokens_thinking": "int",
    "cost_microusd": "bigint",
    "latency_ms": "int",
    "shared_id": "bigint",
}


def table(source: str, name: str, columns: Mapping[str, str]) -> str:
    """The objects of the JSON list `source` as rows of `name`. Columns are quoted: some are SQL keywords."""
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    return f"jsonb_to_recordset({source}) AS {name}({listed})"


def given(columns: Mapping[str, str]) -> str:
    return f"given AS MATERIALIZED (SELECT * FROM {table('CAST(:given AS jsonb)', 'given', columns)})"


def as_json(value: Any) -> str:
    """UUIDs and other types that JSON lacks become strings. Raises ValueError for NaN and infinity.

    Characters are not escaped: a database that is not UTF8 would refuse \\u escapes, and they would not be replaced.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)


def listed(citations: "Sequence[Citation]") -> list[dict[str, Any]]:
    return [{name: getattr(citation, name) for name in CITED} for citation in citations]


# Inserts the citations that each row of `saved` carries. They are not joined from `given` by run id: `given` may hold a
# run twice, the second time with the fence of an expired claim.
SAVE_CITED = f"""
    cited AS (
        INSERT INTO citations (run_id, {", ".join(CITED)})
        SELECT saved.id, {", ".join(f"one.{name}" for name in CITED)}
        FROM saved CROSS JOIN {table("saved.citations", "one", CITED)}
        ON CONFLICT DO NOTHING
    )
"""
# Records the result of every given call, also of one whose result came too late to count: it was paid for.
REPORT_CALLS = """
    reported AS (
        UPDATE llm_calls c SET outcome = given.outcome, tokens_in = given.tokens_in,
            tokens_cached = given.tokens_cached, tokens_written = given.tokens_written, tokens_out = given.tokens_out,
            tokens_thinking = given.tokens_thinking, cost_microusd = given.cost_microusd, latency_ms = given.latency_ms,
            shared_id = given.shared_id
        FROM given WHERE c.id = ANY(CAST(:calls AS bigint[])) AND c.id = given.call_id
    )
"""
