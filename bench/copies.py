"""Multiplies a database of a few real batches into a month of them: each copy has its own orgs, partners and dates.

Ids of copies are computed as the product computes them, so every invariant that holds for the originals holds for
the copies.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Date, DateTime

from senso.db import Connection
from senso.queries import outbox
from senso.queries.invariants.batches import BATCH_KEY, DATED, EVALUATION_KEY, RUN_KEY, payload
from senso.tables import Base

DAYS = 28
EARLIER = f"mod(c.n, {DAYS})"
# The id of each original row in each copy. `n` numbers the copies.
NAMES = (
    """CREATE TEMP TABLE copied_org AS SELECT o.id AS old, n, md5(o.id::text || n)::uuid AS new
        FROM orgs o JOIN batches b ON b.org_id = o.id, generate_series(1, {copies}) n GROUP BY o.id, n""",
    """CREATE TEMP TABLE copied_partner AS SELECT p.id AS old, n, md5(p.id::text || n)::uuid AS new
        FROM partners p, generate_series(1, {copies}) n
        WHERE p.id IN (SELECT o.partner_id FROM orgs o JOIN batches b ON b.org_id = o.id)""",
    f"""CREATE TEMP TABLE copied_batch AS SELECT b.old, b.n, {DATED} AS new, b.batch_date FROM (
        SELECT x.id AS old, o.n, x.kind, o.new AS org_id, x.network_id, x.batch_date - mod(o.n, {DAYS}) AS batch_date
        FROM batches x JOIN copied_org o ON o.old = x.org_id) b, LATERAL (SELECT {BATCH_KEY} AS h) k""",
    f"""CREATE TEMP TABLE copied_run AS SELECT r.id AS old, b.n, {DATED} AS new, b.batch_date
        FROM question_runs r JOIN (SELECT old, n, new AS id, batch_date FROM copied_batch) b ON b.old = r.batch_id,
            LATERAL (SELECT {RUN_KEY} AS h) k""",
    f"""CREATE TEMP TABLE copied_evaluation AS SELECT e.old, e.n, {DATED} AS new FROM (
        SELECT x.id AS old, r.n, r.new AS run_id, o.new AS org_id, x.version, r.batch_date
        FROM evaluations x JOIN copied_run r ON r.old = x.run_id JOIN copied_org o ON (o.old, o.n) = (x.org_id, r.n)
        ) e, LATERAL (SELECT e.batch_date) b, LATERAL (SELECT {EVALUATION_KEY} AS h) k""",
    """CREATE TEMP TABLE copied_snapshot AS SELECT s.id AS old, n, md5(s.id::text || n)::uuid AS new
        FROM vendor_jobs s, generate_series(1, {copies}) n""",
)
# The table whose rows a column identifies, where the column's name does not show it.
NAMED = {"partners.id": "partner", "orgs.id": "org", "batches.id": "batch", "question_runs.id": "run"}
NAMED |= {"evaluations.id": "evaluation", "vendor_jobs.id": "snapshot", "question_runs.subject_id": "org"}
NAMED |= {"llm_calls.job_id": "snapshot", "evaluations.job_id": "snapshot"}
REFERENCES = ("partner", "org", "batch", "run", "evaluation", "snapshot")
# In this order, so that referenced rows exist already.
TABLES = ("partners", "orgs", "org_websites", "org_questions", "org_models", "org_locations", "name_variations")
TABLES += ("batches", "vendor_jobs", "question_runs", "citations", "evaluations", "competitors", "claims", "ledger")
TABLES += ("llm_calls", "metrics", "outbox", "pushes", "triggers", "audit")
# Columns whose text contains ids (WORDS, ELSEWHERE), and columns that need a new value in each copy (OWN).
WORDS = {
    "ledger.idempotency_key": "batch run org partner",
    "outbox.key": "batch snapshot",
    "outbox.ids": "batch snapshot",
    "pushes.key": "batch",
    "pushes.body": "batch org date",
}
ELSEWHERE = {
    ("pushes", "org"): ("b_org.old", "b_org.new"),
    ("pushes", "date"): ("b.batch_date", f"(b.batch_date - {EARLIER})"),
    ("outbox", "snapshot"): ("to_key.old", "to_key.new"),
}
OWN = {
    "vendor_jobs.external_id": "t.external_id || '-' || c.n",
    "vendor_jobs.request_hash": "md5(t.request_hash || c.n)",
    "triggers.idempotency_key": "t.idempotency_key || ' ' || c.n",
    "triggers.payload_hash": payload("false").replace("coalesce(b.network_id, b.org_id)", "b_org.new"),
    "audit.subject": "replace(t.subject, b_org.old::text, b_org.new::text)",
}


def multiply(db: Connection, copies: int) -> None:
    """Statements run for up to a minute each: raise Postgres's `statement_timeout` before."""
    for statement in NAMES:
        db.exec_driver_sql(statement.format(copies=copies))
    for name in (*REFERENCES,):
        db.exec_driver_sql(f"ALTER TABLE copied_{name} ADD PRIMARY KEY (old, n)")
        db.exec_driver_sql(f"ANALYZE copied_{name}")
    for table in TABLES:
        db.exec_driver_sql(copy_of(table))
    outbox.prune(db)
    for (name,) in db.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").all():
        db.exec_driver_sql(f"ANALYZE {name}")


def copy_of(table: str) -> str:
    columns = [column for column in Base.metadata.tables[table].columns if not column.identity]
    joined = dict(references(table))
    first = next(iter(joined))
    values = ", ".join(value(table, column.name, joined, column.type) for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(column.name for column in columns)}) SELECT {values} FROM {table} t "
        f"JOIN copied_{joined[first]} c ON c.old = t.{first} {' '.join(joins(table, joined))} ORDER BY c.n"
    ) + (", t.id" if "id" in columns_of(table) else "")


def columns_of(table: str) -> set[str]:
    return {column.name for column in Base.metadata.tables[table].columns}


def references(table: str) -> Iterator[tuple[str, str]]:
    """Each column that references a copied row, and its table; the first is never null in a row that is copied."""
    for column in Base.metadata.tables[table].columns:
        named = NAMED.get(f"{table}.{column.name}") or column.name.removesuffix("_id")
        if named in REFERENCES and (column.name.endswith("_id") or f"{table}.{column.name}" in NAMED):
            yield column.name, named


def joins(table: str, joined: Mapping[str, str]) -> Iterator[str]:
    for column, named in joined.items():
        yield f"LEFT JOIN copied_{named} to_{column} ON (to_{column}.old, to_{column}.n) = (t.{column}, c.n)"
    if table == "outbox":
        yield "LEFT JOIN copied_snapshot to_key ON (to_key.old::text, to_key.n) = (split_part(t.key, ':', 2), c.n)"
    if table in {"pushes", "triggers", "audit"}:
        yield "LEFT JOIN batches b ON b.id = t.batch_id"
        yield "LEFT JOIN copied_org b_org ON (b_org.old, b_org.n) = (b.org_id, c.n)"


def value(table: str, column: str, joined: Mapping[str, str], kind: object) -> str:
    name = f"{table}.{column}"
    if column in joined:
        return f"to_{column}.new"
    if name in OWN:
        return OWN[name]
    said = f"t.{column}"
    for word in WORDS.get(name, "").split():
        old, new = ELSEWHERE.get((table, word), (f"t.{word}_id", f"to_{word}_id.new"))
        said = f"replace({said}::text, coalesce({old}::text, ''), coalesce({new}::text, ''))"
    if name in WORDS:
        return f"({said})::{kind.compile()}"
    if isinstance(kind, Date):
        return f"{said} - {EARLIER}"
    return f"{said} - make_interval(days => {EARLIER})" if isinstance(kind, DateTime) and table != "orgs" else said
