from alembic import context
from sqlalchemy import Connection

from senso.db import engine
from senso.models import Base


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    with engine().begin() as own:
        migrate(own)
else:
    migrate(given)
