"""Passes settings to the layers below commands and tasks, once at the start of each program.

Every program calls `supply`. Commands and tasks read the settings that they need themselves and pass them on, so that
the code they call can be tested, moved and used with other values; a test checks that no lower layer reads a setting.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from senso import supplied
from senso.errors import ConfigError
from senso.states import ReadingMode
from senso.supplied import Alarming, Database, Outgoing, Service, Traps


def supply() -> None:
    """Reads nothing yet: a command may learn later where its servers are. ConfigError is raised on use."""
    supplied.database.register(database)
    supplied.read_database.register(read_database)
    supplied.redis_url.register(redis_url)
    supplied.traps.register(traps)
    supplied.calls_in_flight.register(calls_in_flight)
    supplied.service.register(service)
    supplied.outgoing.register(outgoing)
    supplied.reading_models.register(reading_models)
    supplied.reading_mode.register(reading_mode)
    supplied.reading_prompts.register(reading_prompts)
    supplied.names_model.register(names_model)
    supplied.orgs_per_reading.register(orgs_per_reading)
    supplied.alarming.register(alarming)
    supplied.max_daily_cost.register(max_daily_cost)
    supplied.encryption_keys.register(encryption_keys)
    supplied.webhooks_to_loopback.register(webhooks_to_loopback)


# The functions import the settings: at the top these would be most imports of a command that needs no setting.
def database() -> Database:
    from senso.settings import secret, settings  # noqa: PLC0415

    return Database(secret(settings().database_url, "DATABASE_URL"), settings().database_pool_size)


def read_database() -> Database | None:
    from senso.settings import settings  # noqa: PLC0415

    url = settings().database_read_url
    return None if url is None else Database(url.get_secret_value(), settings().database_pool_size)


def redis_url() -> str:
    from senso.settings import secret, settings  # noqa: PLC0415

    return secret(settings().redis_url, "REDIS_URL")


def traps() -> Traps:
    from senso.settings import settings  # noqa: PLC0415

    return Traps(settings().failpoints or "[]", settings().failpoints_folder or Path())


def calls_in_flight() -> int:
    from senso.settings import settings  # noqa: PLC0415

    return settings().calls_in_flight


def service(base_url: str, key: str, more: Mapping[str, str]) -> Service:
    from senso import provider_keys  # noqa: PLC0415
    from senso.settings import settings  # noqa: PLC0415

    variable = key.upper()
    held, address = provider_keys.held(variable), getattr(settings(), base_url)
    if not address:
        raise ConfigError(f"{base_url.upper()} is not set; put it into the environment or into .env")
    others = {argument: getattr(settings(), name) for argument, name in more.items()}
    return Service(address, held, partial(provider_keys.another, variable), others)


def outgoing() -> Outgoing:
    from senso.settings import settings  # noqa: PLC0415

    read = settings()
    proxy = read.https_proxy.get_secret_value() if read.https_proxy else None
    return Outgoing(read.max_reply_bytes, proxy, read.no_proxy or "")


def reading_models() -> list[str]:
    from senso.settings import settings  # noqa: PLC0415

    return settings().readers


def reading_mode() -> ReadingMode:
    from senso.settings import settings  # noqa: PLC0415

    return settings().reading_mode


def reading_prompts() -> tuple[tuple[str, int], ...]:
    from senso.settings import settings  # noqa: PLC0415

    return settings().prompt_shares


def orgs_per_reading() -> int:
    from senso.settings import settings  # noqa: PLC0415

    return settings().orgs_per_reading


def names_model() -> str:
    from senso.settings import settings  # noqa: PLC0415

    return settings().names_model


def alarming() -> Alarming:
    from senso.settings import clock, secrets, settings  # noqa: PLC0415

    read = settings()
    url = read.slack_webhook_url.get_secret_value() if read.slack_webhook_url else None
    return Alarming(url, read.alarm_failed_share, read.environment, secrets(read), clock)


def max_daily_cost() -> int | None:
    from senso.settings import settings  # noqa: PLC0415

    return settings().max_daily_microusd


def encryption_keys() -> tuple[str, ...]:
    from senso.settings import settings  # noqa: PLC0415

    return settings().encrypting


def webhooks_to_loopback() -> bool:
    from senso.settings import settings  # noqa: PLC0415

    return settings().webhooks_to_loopback
