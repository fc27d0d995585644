"""The keys: whether they are set, and, asked online, whether their vendors accept them. No call is paid for."""

from typing import Final, Literal

from pydantic import SecretStr

from senso.checks import Finding
from senso.db import DBAPIError, transaction
from senso.errors import ConfigError, OutsideError, RateLimited, Refused, SensoError
from senso.providers import no_other
from senso.queries import models
from senso.registry import COMPLETION_PROVIDERS, PROVIDERS, Entry
from senso.settings import settings

UNAUTHORISED: Final = (401, 403)
READS: Final = "no answer is read and no name is found: nothing can be triggered"
APPLICATION: Final = {
    "API_TOKEN": "results are sent without a token",
    "APPLICATION_API_URL": "results are sent nowhere",
}
SET_IT: Final = "put it into the environment or into .env"


def findings(*, online: bool = False) -> list[Finding]:
    reading = reading_providers()
    keys = [of_key(entry, reads=name in reading, online=online) for name, entry in PROVIDERS.items()]
    return [*keys, *(is_set(name, "note", without) for name, without in APPLICATION.items())]


def reading_providers() -> set[str]:
    """Of the models that read answers and find names; as without rows where the tables cannot be read."""
    wanted = (*settings().readers, settings().names_model)
    try:
        with transaction() as db:
            found = [models.find(db, said, COMPLETION_PROVIDERS) for said in wanted]
    except (SensoError, DBAPIError):
        found = [None]
    return {one.provider if one else COMPLETION_PROVIDERS[0] for one in found}


def of_key(entry: Entry, *, reads: bool, online: bool) -> Finding:
    name, without = entry.key.upper(), READS if reads else entry.without
    if online and given(name):
        return asked(name, entry, without)
    return is_set(name, "warning" if reads else "note", without)


def given(name: str) -> str:
    found: SecretStr | str | None = getattr(settings(), name.lower())
    return found.get_secret_value() if isinstance(found, SecretStr) else found or ""


def is_set(name: str, state: Literal["warning", "note"], without: str) -> Finding:
    if given(name):
        return Finding(name, "ok", "set")
    return Finding(name, state, "not set", without, SET_IT)


def asked(name: str, entry: Entry, without: str) -> Finding:
    try:
        entry.made(given(entry.base_url), given(name), no_other).check_key()
    except Refused as error:
        return refused(name, error, without)
    except RateLimited:
        return Finding(name, "ok", "accepted (its vendor is busy)")
    except ConfigError as error:
        return Finding(name, "fault", str(error), without)
    except OutsideError as error:
        return Finding(name, "fault", f"set, and its vendor does not answer: {error.reason}", reachable=False)
    return Finding(name, "ok", "accepted")


def refused(name: str, error: Refused, without: str) -> Finding:
    if error.status in UNAUTHORISED:
        said = f"not accepted by its vendor ({error.status})"
        return Finding(name, "fault", said, without, "put the right key there, then: senso retry BATCH")
    return Finding(name, "warning", f"set; its vendor did not say whether it is accepted ({error.status})")
