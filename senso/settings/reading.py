"""Builds the settings from the given values; all other code calls `settings()`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import SecretStr, ValidationError

from senso.errors import ConfigError
from senso.settings import production
from senso.settings.clock_values import moment
from senso.settings.fields import FILED, KINDS, Settings
from senso.settings.sources import Given, given
from senso.settings.texts import fault
from senso.settings.variable_list import refuse_unsupported


def read_settings(**overrides: Any) -> Settings:
    """Raises ConfigError naming the variable and where it is set, but not its value, which may be a secret."""
    refuse_unsupported()
    found = given(Settings.model_fields, FILED)
    for name, one in found.items():
        wrong = fault(one.text, KINDS[name])
        if wrong:
            raise ConfigError(f"{one.where}: {wrong}")
    read = typed(found, overrides)
    if read.environment == "production":
        production.require(read, found)
    return read


def typed(found: Mapping[str, Given], overrides: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**{name: one.text for name, one in found.items() if one.text} | dict(overrides))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        where = found[name].where if name in found else name.upper()
        raise ConfigError(f"{where}: {first['msg']}") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    return read_settings()


def use_environment(values: Mapping[str, str]) -> Settings:
    """Sets values in the environment of this process and of its later children, and reads the settings again."""
    os.environ.update(values)
    settings.cache_clear()
    return settings()


def secret(value: SecretStr | None, variable: str) -> str:
    """Raises ConfigError naming the variable that is missing."""
    if value is None:
        raise ConfigError(f"{variable} is not set; put it into the environment or into .env")
    return value.get_secret_value()


def clock() -> datetime:
    """The only clock that decides what is due. SENSO_CLOCK overrides it."""
    said = settings().senso_clock
    return moment(said) if said else datetime.now(UTC)


def moved_clock() -> str | None:
    """One line about SENSO_CLOCK; None if it is not set."""
    said = settings().senso_clock
    return f"SENSO_CLOCK={said} is set: today is taken to be {clock():%A %Y-%m-%d, %H:%M} UTC" if said else None
