"""The settings that lie below commands and tasks: handed in once by each program that begins.

Every program calls `supply`. Commands and tasks read the settings that they need themselves and pass them on, so that
what they call can be tried, moved and used with other values; a test holds that nothing below reads a setting.
"""

from pathlib import Path

from senso import supplied
from senso.supplied import Database, Traps


def supply() -> None:
    """Nothing is read yet: a command may find out later where its servers are. ConfigError comes where it is used."""
    supplied.database.register(database)
    supplied.redis_url.register(redis_url)
    supplied.traps.register(traps)


# Most of what a command that needs no setting would import are the settings.
def database() -> Database:
    from senso.settings import secret, settings  # noqa: PLC0415

    return Database(secret(settings().database_url, "DATABASE_URL"), settings().database_pool_size)


def redis_url() -> str:
    from senso.settings import secret, settings  # noqa: PLC0415

    return secret(settings().redis_url, "REDIS_URL")


def traps() -> Traps:
    from senso.settings import settings  # noqa: PLC0415

    return Traps(settings().failpoints or "[]", settings().failpoints_folder or Path())
