"""Violations, made by rule for every column that a promise rests on: none is chosen by whoever wrote the checks."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Connection, DateTime, Integer, Table, Uuid, text
from sqlalchemy.exc import DBAPIError

from senso.policy import POLICY
from senso.queries import invariants
from senso.tables import Base

# The tables of money, state, fences, counters and moments, and what tells rows of different kinds apart.
KINDS = {
    "partners": "available IS NULL",
    "batches": "state || episode",
    "question_runs": "state || (snapshot_id IS NULL) || is_latest",
    "vendor_jobs": "state",
    "evaluations": "state",
    "ledger": "entry",
    "llm_calls": "purpose || coalesce(outcome, '')",
    "name_variations": "is_fallback",
    "metrics": "name",
    "outbox": "pipeline",
    "pushes": "status",
    "triggers": "1",
    "workers": "1",
}
# Columns that hold no money, state, fence, counter, moment or key of another row.
WORDS = {"error", "note", "name", "names", "finished_by", "triggered_by", "user_id", "method", "rule_version", "key"}
WORDS |= {"lease_owner", "prompt_version", "model_version", "extractor", "mention_text", "reported_country", "marks"}
WORDS |= {"answer_text", "searched", "model", "location", "surface", "kind", "provider", "pipeline", "ids", "body"}
WORDS |= {"payload_hash", "fingerprint", "request_hash", "external_id", "idempotency_key", "id", "purpose", "sentiment"}
WORDS |= {
    "mentioned",
    "is_fallback",
    "share_of_text",
    "share_of_entries",
    "vendor_id",
    "queries",
    "reply",
    "location_honoured",
    "other_model",
}
WORDS |= {"spans", "tokens_thinking", "reader", "counted_ended_at", "rss_bytes", "place_at"}


@dataclass(frozen=True)
class Plant:
    """`statement` changes one row; `row` is its place in the table."""

    table: str
    column: str
    change: str
    kind: str
    statement: str
    row: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column} {self.change} ({self.kind})"


def plants(db: Connection) -> Iterator[Plant]:
    for name, kind in KINDS.items():
        table = Base.metadata.tables[name]
        found = db.execute(
            text(f"SELECT DISTINCT ON (k) ctid::text AS row, k::text FROM (SELECT ctid, {kind} AS k FROM {name}) x")
        )
        for row, value in found.all():
            yield from plants_of(table, row, value)


def plants_of(table: Table, row: str, kind: str) -> Iterator[Plant]:
    here = f"WHERE ctid = '{row}'::tid"
    yield Plant(table.name, "*", "deleted", kind, f"DELETE FROM {table.name} {here}", row)
    yield Plant(table.name, "*", "duplicated", kind, duplicate(table, here), row)
    for column in table.columns:
        for change, value in changes(column, table.name, row):
            changed = f"{here} AND {column.name} IS DISTINCT FROM {value}"
            statement = f"UPDATE {table.name} SET {column.name} = {value} {changed}"
            yield Plant(table.name, column.name, change, kind, statement, row)


def duplicate(table: Table, here: str) -> str:
    """With a key of its own, where the table has one that is a number or an id."""
    columns = [column for column in table.columns if not (column.identity or column.name == "number")]
    selected = [
        "gen_random_uuid()"
        if column.primary_key and isinstance(column.type, Uuid)
        else f"{column.name} || ' again'"
        if column.name in {"idempotency_key", "key"}
        else column.name
        for column in columns
    ]
    names = ", ".join(column.name for column in columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {', '.join(selected)} FROM {table.name} {here}"


def changes(column: Column, table: str, row: str) -> Iterator[tuple[str, str]]:
    """What is done to a column, by its type."""
    if column.name in WORDS and not column.foreign_keys:
        return
    if isinstance(column.type, DateTime):
        yield "a day later", f"{column.name} + interval '1 day'"
        yield "a day earlier", f"{column.name} - interval '1 day'"
    elif isinstance(column.type, Boolean):
        yield "turned round", f"NOT {column.name}"
    elif isinstance(column.type, Integer | BigInteger):
        yield "+ 1", f"{column.name} + 1"
        yield "- 1", f"{column.name} - 1"
    if not isinstance(column.type, DateTime | Boolean):
        yield "of another row", another(column.name, table, row)
    if column.nullable:
        yield "null", "NULL"


def another(column: str, table: str, row: str) -> str:
    """The value of a row that has a different one."""
    return (
        f"(SELECT o.{column} FROM {table} o WHERE o.ctid <> '{row}'::tid AND o.{column} IS DISTINCT FROM "
        f"(SELECT m.{column} FROM {table} m WHERE m.ctid = '{row}'::tid) ORDER BY o.{column} DESC NULLS LAST LIMIT 1)"
    )


SAME = "same"


def outcome(db: Connection, plant: Plant) -> str | None:
    """By which promise it is seen; "constraint" where the database refuses it, SAME where it changes nothing."""
    before = db.begin_nested()
    try:
        if db.execute(text(plant.statement)).rowcount == 0:
            return SAME
        return next(iter(invariants.broken(db, POLICY, 500, about=plant.table)), None)
    except DBAPIError:
        return "constraint"
    finally:
        before.rollback()
