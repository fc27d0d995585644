"""Bringing the schema to head, with Alembic."""

from alembic import command
from alembic.config import Config

from senso.db import Connection, transaction
from senso.schema import folder, refuse_newer, revision


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.attributes["connection"] = connection
    return config


def migrate() -> tuple[str | None, str | None]:
    """Brings the schema to head; returns the revision before and after. Concurrent calls run one after the other."""
    with transaction() as connection:
        connection.exec_driver_sql(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(7230154)"
        )
        before = revision(connection)
        refuse_newer(before)
        command.upgrade(alembic_config(connection), "head")
        return before, revision(connection)
