"""Table of all variables: whether each is used, its default, its meaning, whether it is a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from senso.errors import ConfigError
from senso.settings.fields import FILED, IDLE, SECRETS, Settings
from senso.settings.sources import every_name

Use = Literal["used", "unused", "retired", "refused"]
# Accepted, so that an environment made for other versions too can start this one; `senso doctor` lists them as unused.
UNUSED: Final = frozenset(name for name, field in Settings.model_fields.items() if field.json_schema_extra == IDLE)
UNUSED_PREFIX: Final = "otel_"
# Used by earlier versions: accepted, and `senso doctor` names the replacement.
RETIRED: Final = {"evaluation_model": "READING_MODELS says which model reads answers"}
# Each promises a limit or a protection that this version does not provide, so setting one is an error.
REFUSED: Final = {
    "secrets_manager": "this version reads secrets from the environment and from files only",
}
CLOSE: Final = 0.85


# The first variable of each section of the table.
SECTIONS: Final = {
    "database_url": "Servers",
    "openai_api_key": "AI assistants",
    "application_api_url": "Your application",
    "event_key": "The API",
    "metrics_host": "Metrics",
    "environment": "Work",
    "senso_home": "This machine",
    "log_format": "Logs and errors",
    "senso_clock": "To try things out",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` is empty if there is none. `filed`: NAME_FILE may hold the path of a file with the value."""

    name: str
    use: Use
    default: str
    meaning: str
    section: str = ""
    secret: bool = False
    filed: bool = False


# Read when a command ends, and not through the settings: they may be what is wrong.
ELSEWHERE: Final = Variable(
    "SENSO_DEBUG",
    "used",
    "",
    "set to 1, an internal error is printed with the place where it happened",
    "Logs and errors",
)


def variables() -> Iterator[Variable]:
    """Yields the settings in their order, then the retired and the refused variables."""
    section = ""
    for name, field in Settings.model_fields.items():
        section = SECTIONS.get(name, section)
        default = "" if field.default is None else str(field.default)
        use: Use = "unused" if name in UNUSED else "used"
        yield Variable(name.upper(), use, default, field.description or "", section, name in SECRETS, name in FILED)
        if name == "sentry_dsn":
            yield ELSEWHERE
    for name, instead in RETIRED.items():
        yield Variable(name.upper(), "retired", "", instead)
    for name, why in REFUSED.items():
        yield Variable(name.upper(), "refused", "", why)


def refuse_unsupported() -> None:
    """Raises ConfigError."""
    for name, where in every_name().items():
        if name.removesuffix("_file") in REFUSED:
            why = REFUSED[name.removesuffix("_file")]
            raise ConfigError(f"{where}: not supported: {why}; unset it")


def unused() -> list[str]:
    """Names of variables that are set but not used by this version."""
    found = {name.removesuffix("_file") for name in every_name()}
    return sorted(name.upper() for name in found if name in UNUSED or name.startswith(UNUSED_PREFIX))


def retired() -> dict[str, str]:
    """Names of set variables that only earlier versions used, each with its replacement."""
    return {name.upper(): RETIRED[name] for name in sorted(every_name()) if name in RETIRED}


def misspelt() -> dict[str, str]:
    """Names that are set but unknown, each with the variable that was probably meant."""
    known = {*(one.name.lower() for one in variables()), *(f"{name}_file" for name in FILED)}
    found = {}
    for name in every_name().keys() - known:
        if name.removesuffix("_file") in known:  # not a secret, so it cannot be given as a file
            found[name.upper()] = name.removesuffix("_file").upper()
            continue
        close = get_close_matches(name, known, 1, CLOSE)
        if close and not name.startswith(UNUSED_PREFIX):
            found[name.upper()] = close[0].upper()
    return found
