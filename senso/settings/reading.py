"""Builds the settings from the given values; all other code calls `settings()`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr, ValidationError

from senso.errors import ConfigError
from senso.settings import production
from senso.settings.clock_values import moment
from senso.settings.fields import FILED, KINDS, SECRETS, Settings
from senso.settings.sources import Given, given
from senso.settings.texts import fault
from senso.settings.variable_list import refuse_unsupported

LONG_PATH: Final = 16  # characters: longer than the name of a database


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


def secrets(read: Settings) -> tuple[str, ...]:
    """Every secret that is set, and the password or path in it if it is an address; the longest first."""
    held = [getattr(read, name) for name in SECRETS]
    texts = [one.get_secret_value() for one in held if one is not None]
    found = {*texts, *read.encrypting, *(part for one in texts for part in parts_of(one))}
    return tuple(sorted(found - {""}, key=lambda secret: (-len(secret), secret)))


def parts_of(text: str) -> list[str]:
    """The password of an address, as written and decoded, and its path if it is long enough to be a secret."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return []
    if not parts.netloc:
        return []
    password = parts.password or ""
    return [password, unquote(password), parts.path if len(parts.path) >= LONG_PATH else ""]


def clock() -> datetime:
    """The only clock that decides what is due. SENSO_CLOCK overrides it."""
    said = settings().senso_clock
    return moment(said) if said else datetime.now(UTC)


def moved_clock() -> str | None:
    """One line about SENSO_CLOCK; None if it is not set."""
    said = settings().senso_clock
    return f"SENSO_CLOCK={said} is set: today is taken to be {clock():%A %Y-%m-%d, %H:%M} UTC" if said else None
