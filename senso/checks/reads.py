"""Whether the Postgres that serves reads answers, and has the tables of this version."""

from senso import schema, supplied
from senso.checks import Finding
from senso.db import looking, read_engine
from senso.errors import SensoError, Unreachable

NAME = "Postgres for reads"


def findings() -> list[Finding]:
    """Empty where DATABASE_READ_URL is not set."""
    if supplied.read_database() is None:
        return []
    try:
        with looking(read_engine()) as db:
            current = schema.revision(db)
    except SensoError as error:
        said = str(error).removeprefix("Postgres: ").removeprefix("DATABASE_URL: ")
        why, do = "the API cannot answer what is read", "set DATABASE_READ_URL right, or leave it out"
        return [Finding(NAME, "fault", said, why, do, reachable=not isinstance(error, Unreachable))]
    if current != schema.head_revision():
        why = "the API cannot answer what is read"
        return [Finding(NAME, "warning", f"its tables are at revision {current}", why, "does it follow the other one?")]
    return [Finding(NAME, "ok", "answers, and has the tables of this version")]
