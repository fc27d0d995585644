"""Every variable in one table: what becomes of it, its default, its meaning, whether it is a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from senso.errors import ConfigError
from senso.settings.fields import FILED, IDLE, SECRETS, Settings
from senso.settings.outside import every_name

Use = Literal["used", "unused", "refused"]
# Accepted, so that an environment made for more than this version starts it; `senso doctor` says that they do nothing.
UNUSED: Final = frozenset(name for name, field in Settings.model_fields.items() if field.json_schema_extra == IDLE)
UNUSED_PREFIX: Final = "otel_"
# Each promises a limit or a protection: whoever sets one must not believe that it holds.
REFUSED: Final = {
    "max_daily_cost": "this version puts no limit on what a day costs",
    "max_reply_bytes": "this version puts no limit on the length of a reply",
    "encryption_keys": "this version encrypts nothing that it stores",
    "secrets_manager": "this version reads secrets from the environment and from files only",
}
CLOSE: Final = 0.85


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    use: Use
    default: str
    meaning: str
    secret: bool = False
    filed: bool = False


def variables() -> Iterator[Variable]:
    """In the order of the settings, then those that are refused."""
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        use: Use = "unused" if name in UNUSED else "used"
        yield Variable(name.upper(), use, default, field.description or "", name in SECRETS, name in FILED)
    for name, why in REFUSED.items():
        yield Variable(name.upper(), "refused", "", why)


def refuse_unsupported() -> None:
    """Raises ConfigError."""
    for name, where in every_name().items():
        if name.removesuffix("_file") in REFUSED:
            why = REFUSED[name.removesuffix("_file")]
            raise ConfigError(f"{where}: not supported: {why}; unset it")


def unused() -> list[str]:
    """Names of variables that are set, and that this version does not use."""
    found = {name.removesuffix("_file") for name in every_name()}
    return sorted(name.upper() for name in found if name in UNUSED or name.startswith(UNUSED_PREFIX))


def misspelt() -> dict[str, str]:
    """Names that are set and mean nothing here, each with the variable that was probably meant."""
    known = {*Settings.model_fields, *REFUSED, *(f"{name}_file" for name in FILED)}
    found = {}
    for name in every_name().keys() - known:
        close = get_close_matches(name, known, 1, CLOSE)
        if close and not name.startswith(UNUSED_PREFIX):
            found[name.upper()] = close[0].upper()
    return found
