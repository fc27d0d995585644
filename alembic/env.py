from alembic import context
from sqlalchemy import Connection

from senso import edge
from senso.db import engine
from senso.schema import current_schema
from senso.tables import Base


def migrate(connection: Connection) -> None:
    """Into the first schema of `search_path`, where an older version of it further on does not count."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=False,
        version_table_schema=current_schema(connection),
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    edge.supply()
    with engine().begin() as own:
        migrate(own)
else:
    migrate(given)
