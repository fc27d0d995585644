"""The API keys: whether they are set and, if `online`, whether their vendors accept them. No call costs anything."""

from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar

from pydantic import SecretStr

from senso.checks import Finding
from senso.db import DBAPIError, transaction
from senso.errors import ConfigError, OutsideError, RateLimited, Refused, SensoError
from senso.providers import no_other
from senso.queries import models
from senso.registry import COMPLETION_PROVIDERS, PROVIDERS, Entry
from senso.settings import Settings

P = TypeVar("P")
READS: Final = "no answer is read and no name is found: nothing can be triggered"
# Of a key that is set and refused: the others of READING_MODELS go on.
READS_LESS: Final = (
    "what its models would read is left to the next of READING_MODELS, and is not read where there is none"
)
OUTSIDE: Final = {
    "API_TOKEN": "results are sent without a token",
    "APPLICATION_API_URL": "results are sent nowhere",
    "SLACK_WEBHOOK_URL": "alarms are rows and log lines only, which senso alarms lists",
}
SET_IT: Final = "put it into the environment or into .env"


def findings(read: Settings, *, online: bool = False) -> list[Finding]:
    reading = reading_providers((*read.readers, read.names_model))
    keys = [of_key(read, entry, reads=name in reading, online=online) for name, entry in PROVIDERS.items()]
    return [*keys, *(is_set(read, name, "note", without) for name, without in OUTSIDE.items())]


def reading_providers(wanted: Iterable[str]) -> set[str]:
    """Of the models that read answers and find names; the default for models without a row, or if Postgres fails."""
    try:
        with transaction() as db:
            found = [models.find(db, said, COMPLETION_PROVIDERS) for said in wanted]
    except (SensoError, DBAPIError):
        found = [None]
    return {one.provider if one else COMPLETION_PROVIDERS[0] for one in found}


def of_key(read: Settings, entry: Entry, *, reads: bool, online: bool) -> Finding:
    name, without = entry.key.upper(), READS if reads else entry.without
    if online and setting_text(read, name):
        return asked(read, name, entry, READS_LESS if reads else entry.without)
    return is_set(read, name, "warning" if reads else "note", without)


def setting_text(read: Settings, name: str) -> str:
    found: SecretStr | str | None = getattr(read, name.lower())
    return found.get_secret_value() if isinstance(found, SecretStr) else found or ""


def is_set(read: Settings, name: str, state: Literal["warning", "note"], without: str) -> Finding:
    if setting_text(read, name):
        return Finding(name, "ok", "set")
    return Finding(name, state, "not set", without, SET_IT)


def asked(read: Settings, name: str, entry: Entry, without: str) -> Finding:
    try:
        made(read, entry, entry.made).check_key()
    except Refused as error:
        return refused(name, error, without)
    except RateLimited:
        return Finding(name, "ok", "accepted (its vendor is busy)")
    except ConfigError as error:
        return Finding(name, "fault", str(error), without)
    except OutsideError as error:
        return Finding(name, "fault", f"set, and its vendor does not answer: {error.reason}", reachable=False)
    return Finding(name, "ok", "accepted")


def made(read: Settings, entry: Entry, maker: Callable[..., P]) -> P:
    more = {argument: setting_text(read, variable) or None for argument, variable in entry.settings.items()}
    return maker(setting_text(read, entry.base_url), setting_text(read, entry.key), no_other, **more)


def refused(name: str, error: Refused, without: str) -> Finding:
    # A refused key is raised anew, without the reply: other refusals keep theirs.
    if error.body is None and name in error.reason:
        said = f"not accepted by its vendor ({error.status})"
        return Finding(name, "fault", said, without, "put the right key there, then: senso retry BATCH")
    said = f"set; its vendor did not say whether it is accepted ({error.status}: {error.reason})"
    return Finding(name, "warning", said, "calls may be refused", "look at the account there; ask again with --online")
