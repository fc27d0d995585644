"""Making the tables equal to an import file, completely or not at all.

All checks run before the first row is written. Rows that already match the file are neither written nor locked, so an
import that changes little does not disturb running batches. What is not in the file is left alone, except what an org
or a network of the file no longer has.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, TextClause, text

from senso.db.keys import GRANT
from senso.imports import Document
from senso.imports.rows import LIMITS, PROPERTIES, Ids, Row, as_json, rows
from senso.imports.schema import Contents, Partner
from senso.queries import encrypted, members
from senso.queries.import_checks import keep_history, require_distinct_names, require_references
from senso.queries.ledger import grant
from senso.queries.triggers import ALL, Concerns, audit
from senso.states import Action


@dataclass(frozen=True, slots=True)
class Count:
    inserted: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import did to each table. `ledger`: the grants. `notes`: what the file asked for and was not done."""

    models: Count
    locations: Count
    partners: Count
    questions: Count
    orgs: Count
    org_websites: Count
    org_aliases: Count
    org_not_names: Count
    org_facts: Count
    org_questions: Count
    org_models: Count
    org_locations: Count
    networks: Count
    network_orgs: Count
    network_questions: Count
    network_models: Count
    network_locations: Count
    ledger: Count
    notes: tuple[str, ...]


# One import at a time: two that lock the same rows in different orders could deadlock.
ALONE_KEY = 7230156
ALONE = text(f"SELECT pg_advisory_xact_lock({ALONE_KEY})")
# For a command, which may wait for another import longer than a worker's statement may.
PATIENTLY = text("SELECT set_config('lock_timeout', '5min', true), set_config('statement_timeout', '10min', true)")


def alone(db: Connection) -> None:
    """No other import ends until this transaction does: what it reads from now on it may write back."""
    db.execute(ALONE)


def patiently(db: Connection) -> None:
    """For the rest of the transaction."""
    db.execute(PATIENTLY)


def trial(db: Connection, document: Document, actor: str, whom: Concerns = ALL) -> Changes:
    """What `store` would change and refuse; nothing is written."""
    with db.begin_nested() as undone:
        changes = store(db, document, actor, whom)
        undone.rollback()
    return changes


def store(db: Connection, document: Document, actor: str, whom: Concerns = ALL) -> Changes:
    """Raises ImportRefused for an unknown reference, or for a change to what was already measured."""
    alone(db)
    found = document.contents
    wanted = rows(found, ids(db))
    wanted["org_websites"] = encrypted.websites(db, wanted["org_websites"], [one.id for one in found.orgs])
    require_references(db, document)
    keep_history(db, document, wanted)
    require_distinct_names(db, document)
    # Partners, and the grants that update them, before orgs: the lock order of all transactions.
    partners = make_equal(db, PARTNERS, wanted["partners"])
    ledger, notes = grant_credits(db, found.partners)
    counts = {table.name: make_equal(db, table, wanted[table.name], owners(table, found)) for table in TABLES}
    members.end_of_those_who_left(db)
    changes = Changes(partners=partners, ledger=ledger, **counts, notes=(*document.notes(), *notes))
    tell(db, document.source.name, actor, whom, changes)
    return changes


def tell(db: Connection, file: str, actor: str, whom: Concerns, changes: Changes) -> None:
    subject = f"org:{whom.org}" if whom.org else file
    audit(db, Action.IMPORT, actor, whom, subject=subject, file=file, **asdict(changes))


MODEL_IDS = text("SELECT slug, id FROM models")
LOCATION_IDS = text("SELECT country, region, city, id FROM locations")


def ids(db: Connection) -> Ids:
    models = {one.slug: one.id for one in db.execute(MODEL_IDS)}
    return Ids(models, {(one.country, one.region, one.city): one.id for one in db.execute(LOCATION_IDS)})


@dataclass(frozen=True, slots=True)
class Table:
    """`values` follow the file; `fixed` are written only with a new row.

    `properties` are JSON columns that follow the file if it sets them ({} clears them), `limits` numbers that 0 clears;
    one that it leaves out stays, as long as `values` stay. `ceilings` are numbers that -1 clears; one left out
    stays in any case. `stamp`: when a row was last written. Rows of an `owner` in the file that are not in the file are
    removed.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    ceilings: tuple[str, ...] = ()
    stamp: str | None = None
    fixed: tuple[str, ...] = ()
    owner: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.key + self.values + self.kept + self.fixed

    @property
    def kept(self) -> tuple[str, ...]:
        return self.properties + self.limits + self.ceilings

    def empty(self, column: str) -> str:
        """What clears such a column."""
        return "'{}'" if column in self.properties else "-1" if column in self.ceilings else "0"


POSITION = ("position",)
SAMPLES = ("samples", "most_samples")
PARTNERS = Table("partners", key=("id",), values=("name",), ceilings=("max_daily_cost_microusd",), fixed=("available",))
# In an order in which no row refers to one of a later table.
TABLES = (
    Table(
        "models",
        key=("slug",),
        values=("provider", "name", "surface"),
        properties=PROPERTIES,
        limits=LIMITS,
        stamp="changed_at",
        fixed=("id", "deadline_seconds"),
    ),
    Table("locations", key=("id",), fixed=("country", "region", "city")),
    Table("questions", key=("id",), values=("text", "kind", "tags")),
    Table("orgs", key=("id",), values=("partner_id", "name", "active", "competitors", "created_at", *SAMPLES)),
    Table("org_websites", key=("org_id", "url"), values=POSITION, fixed=("fingerprint",), owner="org_id"),
    Table("org_aliases", key=("org_id", "name"), values=POSITION, owner="org_id"),
    Table("org_not_names", key=("org_id", "name"), values=POSITION, owner="org_id"),
    Table("org_facts", key=("org_id", "text"), values=POSITION, owner="org_id"),
    Table("org_questions", key=("org_id", "question_id"), values=POSITION, owner="org_id"),
    Table("org_models", key=("org_id", "model_id"), owner="org_id"),
    Table("org_locations", key=("org_id", "location_id"), owner="org_id"),
    Table("networks", key=("id",), values=("partner_id", "name", "samples")),
    Table("network_orgs", key=("network_id", "org_id"), owner="network_id"),
    Table("network_questions", key=("network_id", "question_id"), values=POSITION, owner="network_id"),
    Table("network_models", key=("network_id", "model_id"), owner="network_id"),
    Table("network_locations", key=("network_id", "location_id"), owner="network_id"),
)

MAKE_EQUAL = """
    WITH wanted AS MATERIALIZED (
        SELECT {columns} FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json))
    ),
    added AS (
        INSERT INTO {table} ({columns}{stamp})
        SELECT {given}{now} FROM wanted w WHERE NOT EXISTS (SELECT FROM {table} t WHERE {same})
        RETURNING 1
    ),
    changed AS ({changed}),
    removed AS ({removed})
    SELECT (SELECT count(*) FROM added) AS inserted, (SELECT count(*) FROM changed) AS updated,
        (SELECT count(*) FROM removed) AS removed
"""
# Not ON CONFLICT DO UPDATE: that locks, and so rewrites, every row that stays the same.
CHANGE = """
    UPDATE {table} t SET {assigned} FROM wanted w WHERE {same} AND ({differs})
    RETURNING 1
"""
REMOVE = """
    DELETE FROM {table} t
    WHERE t.{owner} = ANY(CAST(:owners AS uuid[])) AND NOT EXISTS (SELECT FROM wanted w WHERE {same})
    RETURNING 1
"""
NOTHING = "SELECT 1 WHERE false"


def make_equal(db: Connection, table: Table, wanted: Sequence[Row], owners: Sequence[str] = ()) -> Count:
    bound = {"rows": as_json(wanted)} | ({"owners": owners} if table.owner else {})
    count = db.execute(statement(table), bound).mappings().one()
    return Count(**count, unchanged=len(wanted) - count["inserted"] - count["updated"])


def statement(table: Table) -> TextClause:
    follow = {column: f"w.{column}" for column in table.values} | {one: property_of(table, one) for one in table.kept}
    given = {column: f"NULLIF({column}, {table.empty(column)})" for column in table.kept}
    parts = {
        "table": table.name,
        "owner": table.owner,
        "columns": ", ".join(table.columns),
        "given": ", ".join(given.get(column, column) for column in table.columns),
        "stamp": f", {table.stamp}" if table.stamp else "",
        "now": ", now()" if table.stamp else "",
        "same": " AND ".join(f"t.{column} = w.{column}" for column in table.key),
        "assigned": ", ".join(f"{column} = {value}" for column, value in follow.items())
        + (f", {table.stamp} = now()" if table.stamp else ""),
        "differs": " OR ".join(f"t.{column} IS DISTINCT FROM {value}" for column, value in follow.items()),
    }
    changed = CHANGE.format(**parts) if table.values else NOTHING
    removed = REMOVE.format(**parts) if table.owner else NOTHING
    return text(MAKE_EQUAL.format(**parts, changed=changed, removed=removed))


def property_of(table: Table, column: str) -> str:
    """If `values` change, the row stands for something else, and only the properties in the file are kept."""
    unchanged = "true" if column in table.ceilings else " AND ".join(f"t.{one} = w.{one}" for one in table.values)
    return f"NULLIF(coalesce(w.{column}, CASE WHEN {unchanged} THEN t.{column} END), {table.empty(column)})"


def owners(table: Table, found: Contents) -> list[str]:
    return [str(one.id) for one in (found.orgs if table.owner == "org_id" else found.networks)]


STANDING = text(f"""
    SELECT p.id, p.available IS NOT NULL AS metered, l.credits AS granted
    FROM partners p LEFT JOIN ledger l ON l.idempotency_key = {GRANT.sql("'import:' || p.id")}
    WHERE p.id = ANY(CAST(:ids AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class PartnerCredits:
    """`granted`: the credits that an import granted; None if none did."""

    metered: bool
    granted: int | None


def grant_credits(db: Connection, partners: Sequence[Partner]) -> tuple[Count, tuple[str, ...]]:
    """Grants credits to partners without a grant by an import. A later difference is a note, never a change."""
    found = db.execute(STANDING, {"ids": [str(one.id) for one in partners]})
    owned = {one.id: PartnerCredits(one.metered, one.granted) for one in found}
    given = [first_grant(db, one, owned[one.id]) for one in partners]
    notes = (note(one, owned[one.id]) for one in partners)
    unchanged = sum(one.granted is not None for one in owned.values())
    return Count(inserted=sum(given), unchanged=unchanged), tuple(said for said in notes if said)


def first_grant(db: Connection, partner: Partner, owned: PartnerCredits) -> bool:
    """A grant of 0 is written too: it records that the file's number has been granted."""
    if partner.credits is None or not owned.metered or owned.granted is not None:
        return False
    return grant(db, partner.id, partner.credits, f"import:{partner.id}")


GRANT_BY_HAND = "senso credits {} --grant {} --ref REF"


def note(partner: Partner, owned: PartnerCredits) -> str | None:
    if partner.credits is None:
        return f"partner {partner.id}: stays metered; no import lifts that" if owned.metered else None
    if not owned.metered:
        return f"partner {partner.id}: stays unmetered: it can always pay, and neither import nor grant meters it"
    if owned.granted is None or owned.granted == partner.credits:
        return None
    return f"partner {partner.id}: credits stay as they are; {instead(partner, partner.credits - owned.granted)}"


def instead(partner: Partner, more: int) -> str:
    if more < 0:
        return "what was granted is not taken back"
    return f"grant the rest with: {GRANT_BY_HAND.format(partner.id, more)}"
