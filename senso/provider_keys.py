"""The keys of providers. A refused key is read again: after a correction of `.env` workers need no restart.

Only keys are: a process reads all other settings once, and a partial update of them would be inconsistent.
"""

import time

from senso.errors import ConfigError
from senso.log import logger
from senso.settings import read_settings, secret, settings

log = logger(__name__)
# Shortest time between two reads: two hundred calls may be refused at the same moment.
LOOK_SECONDS = 1
# From a refused key to its replacement.
renewed: dict[str, str] = {}
looked_at: dict[str, float] = {}


def held(variable: str) -> str:
    """Raises ConfigError when it is missing."""
    key = secret(getattr(settings(), variable.lower()), variable)
    while key in renewed:
        key = renewed[key]
    return key


def another(variable: str, refused: str) -> str | None:
    """None: the environment, the file or `.env` is unchanged, or cannot be read now."""
    now = time.monotonic()
    if refused not in renewed and now - looked_at.get(variable, -LOOK_SECONDS) >= LOOK_SECONDS:
        looked_at[variable] = now
        found = read_again(variable)
        if found not in {None, refused}:
            log.warning("a key was refused and another one has been read", variable=variable)
            renewed.pop(str(found), None)
            renewed[refused] = str(found)
    return renewed.get(refused)


def read_again(variable: str) -> str | None:
    try:
        found = getattr(read_settings(), variable.lower())
    except ConfigError as error:
        log.warning("the settings cannot be read again", error=str(error))
        return None
    return None if found is None else str(found.get_secret_value())
