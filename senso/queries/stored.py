"""What a backup says of the rows it holds, and what a restore needs of the database that it fills."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from senso.db.lease import IS_ALIVE
from senso.policy import Policy
from senso.tables import Base

# Reading whole tables takes as long as it takes, and nothing waits for it.
STAND_STILL = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
PATIENCE = text("""
    SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
        set_config('enable_seqscan', 'on', true)
""")
MOMENT = text("""
    SELECT pg_export_snapshot() AS snapshot, now() AS taken_at, current_schema() AS schema,
        current_setting('server_version') AS server, current_setting('server_version_num')::int / 10000 AS major
""")
SIZE = text("""
    SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r'
""")


@dataclass(frozen=True, slots=True)
class Moment:
    """A snapshot that other sessions can read from while its transaction lasts. `major`: of the server's version."""

    snapshot: str
    taken_at: datetime
    schema: str
    server: str
    major: int


def moment(db: Connection) -> Moment:
    """Makes the transaction read from one snapshot, and exports it. Must be its first statement."""
    db.execute(STAND_STILL)
    db.execute(PATIENCE)
    (found,) = db.execute(MOMENT).mappings()
    return Moment(**found)


def size(db: Connection) -> int:
    """Bytes of all rows; a dump of answers takes a tenth to a third of that."""
    return int(db.execute(SIZE).scalar_one())


TABLES = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p') ORDER BY c.relname
""")


def tables(db: Connection) -> list[str]:
    return list(db.execute(TABLES).scalars())


def counted(db: Connection, names: Iterable[str]) -> dict[str, int]:
    return {name: int(db.execute(text(f"SELECT count(*) FROM {quoted(db, name)}")).scalar_one()) for name in names}


def quoted(db: Connection, name: str) -> str:
    return db.dialect.identifier_preparer.quote(name)


def patient(db: Connection) -> None:
    """Takes the limits of time off this transaction."""
    db.execute(PATIENCE)


# What the product writes only for somebody; a migrated database has nothing else.
SOMEBODYS = ("partners", "orgs", "networks", "batches", "ledger")
LIVES = text(f"SELECT count(*) FROM workers WHERE {IS_ALIVE}")


def in_use(db: Connection, there: Collection[str], policy: Policy) -> dict[str, int]:
    """How many rows somebody would miss, by table, and how many workers live; empty if there are none."""
    found = counted(db, [name for name in SOMEBODYS if name in there])
    if "workers" in there:
        found["living workers"] = int(db.execute(LIVES, {"silent": policy.silent_seconds}).scalar_one())
    return {name: count for name, count in found.items() if count}


def product_tables() -> list[str]:
    return list(Base.metadata.tables)


# Those that migrations make; a restored table brings its own.
FUNCTIONS = ("count_cost", "events_in_turn")


def drop(db: Connection, names: Iterable[str]) -> None:
    """Tables, and all functions of ours."""
    for name in names:
        db.execute(text(f"DROP TABLE IF EXISTS {quoted(db, name)} CASCADE"))
    for name in FUNCTIONS:
        db.execute(text(f"DROP FUNCTION IF EXISTS {quoted(db, name)} CASCADE"))


# Numbers that vendors were sent after the backup are never given to other runs: 100 million are those of two months.
UNUSED_NUMBERS = 100_000_000
SKIP = text(f"""
    SELECT setval(pg_get_serial_sequence('question_runs', 'number'),
        (SELECT coalesce(max(number), 0) + {UNUSED_NUMBERS} FROM question_runs))
""")
# They died with the database that was lost; what they had claimed is taken back.
DIED = text("""
    UPDATE workers SET heartbeat_at = least(heartbeat_at, now() - interval '1 hour'),
        ended_at = greatest(heartbeat_at, (SELECT max(started_at) FROM llm_calls))
    WHERE ended_at IS NULL
""")
REVISION = text("INSERT INTO alembic_version (version_num) VALUES (:revision)")


def settle(db: Connection, revision: str) -> None:
    """Ends a restore: until then the database has no revision, and nothing works on it."""
    db.execute(SKIP)
    db.execute(DIED)
    db.execute(REVISION, {"revision": revision})


def analyze(db: Connection, names: Iterable[str]) -> None:
    """A restored table has no statistics, by which statements are planned."""
    for name in names:
        db.execute(text(f"ANALYZE {quoted(db, name)}"))


def missing(expected: Mapping[str, int], found: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """By table: how many rows there should be and are, where these differ."""
    return {name: (count, found.get(name, 0)) for name, count in expected.items() if found.get(name, 0) != count}
