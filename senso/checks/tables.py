"""Whether the database has the tables of this version."""

from senso import schema
from senso.checks import Finding
from senso.db import transaction
from senso.errors import SensoError


def findings() -> list[Finding]:
    """Empty if Postgres does not answer, which is reported separately."""
    try:
        with transaction() as db:
            return [of_schema(schema.revision(db))]
    except SensoError:
        return []


def of_schema(current: str | None) -> Finding:
    head = schema.head_revision()
    if current == head:
        return Finding("Schema", "ok", f"schema {head}")
    if current is not None and current not in schema.revisions():
        said = f"revision {current}, which this version does not know"
        return Finding("Schema", "fault", said, "a newer version has changed the tables", "upgrade senso")
    said = f"at revision {current}, not at {head}" if current else "no tables yet"
    return Finding("Schema", "fault", said, "nothing can be stored", "run: senso migrate")
