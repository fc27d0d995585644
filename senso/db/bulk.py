"""Many rows to one statement, as JSON: a row may hold a list, such as the sources of an answer."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a command that only triggers or grants needs none of what reads answers
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
}
# How a call ended.
REPORTED = {
    "call_id": "bigint",
    "outcome": "text",
    "tokens_in": "int",
    "tokens_cached": "int",
    "tokens_out": "int",
    "cost_microusd": "bigint",
    "latency_ms": "int",
}


def table(source: str, name: str, columns: Mapping[str, str]) -> str:
    """The objects of the JSON list `source` as rows of `name`; quoted, since some columns are words of SQL."""
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    return f"jsonb_to_recordset({source}) AS {name}({listed})"


def given(columns: Mapping[str, str]) -> str:
    return f"given AS MATERIALIZED (SELECT * FROM {table('CAST(:given AS jsonb)', 'given', columns)})"


def as_json(value: Any) -> str:
    """UUIDs as they are written. Raises ValueError for what JSON does not know.

    Characters as they are: written as \\u they would be refused by a database that is not UTF8, and not replaced.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)


def listed(citations: "Sequence[Citation]") -> list[dict[str, Any]]:
    return [{name: getattr(citation, name) for name in CITED} for citation in citations]


# Of the runs that the statement has `saved`, each with the citations that were given with it. Not by the run's id from
# all that was given: a run may be among them twice, under the fence of a claim that ran out too.
SAVE_CITED = f"""
    cited AS (
        INSERT INTO citations (run_id, {", ".join(CITED)})
        SELECT saved.id, {", ".join(f"one.{name}" for name in CITED)}
        FROM saved CROSS JOIN {table("saved.citations", "one", CITED)}
        ON CONFLICT DO NOTHING
    )
"""
# The calls of those that were given report back: also those whose result came too late to count, because it was paid.
REPORT_CALLS = """
    reported AS (
        UPDATE llm_calls c SET outcome = given.outcome, tokens_in = given.tokens_in,
            tokens_cached = given.tokens_cached, tokens_out = given.tokens_out, cost_microusd = given.cost_microusd,
            latency_ms = given.latency_ms
        FROM given WHERE c.id = ANY(CAST(:calls AS bigint[])) AND c.id = given.call_id
    )
"""
