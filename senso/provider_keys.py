"""The keys of providers. One that is refused is read again: who has mended `.env` need not restart the workers.

Only keys are: all else that a process stands on it has read once, and half of it renewed would fit nothing.
"""

import time

from senso.errors import ConfigError
from senso.log import logger
from senso.settings import read_settings, secret, settings

log = logger(__name__)
# Two hundred calls may be refused at the same moment.
LOOK_SECONDS = 1
# From a key that was refused to the one that stands in its place by now.
renewed: dict[str, str] = {}
looked_at: dict[str, float] = {}


def held(variable: str) -> str:
    """Raises ConfigError when it is missing."""
    key = secret(getattr(settings(), variable.lower()), variable)
    while key in renewed:
        key = renewed[key]
    return key


def another(variable: str, refused: str) -> str | None:
    """None: the environment, the file or `.env` say the same as before, or cannot be read now."""
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
