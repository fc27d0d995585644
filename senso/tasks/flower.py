"""The app for Flower, protected by its password. `celery -A senso.tasks.flower:app flower`.

Flower reads its options from its own environment variables at its start, after the app; it cannot read a secret's file.
"""

import os
import sys

from senso.errors import ConfigError
from senso.settings import settings
from senso.tasks.app import app
from senso.worker.startup_errors import in_one_line

__all__ = ["app"]


def protect() -> None:
    """Raises ConfigError if Flower could be reached without a password in production."""
    read = settings()
    if read.flower_basic_auth is not None:
        os.environ["FLOWER_BASIC_AUTH"] = read.flower_basic_auth.get_secret_value()
    elif read.environment == "production" and not any(one.startswith("--address=127.") for one in sys.argv):
        raise ConfigError(
            "FLOWER_BASIC_AUTH: not set; when ENVIRONMENT=production Flower needs user:password to be reached "
            "from outside: set FLOWER_BASIC_AUTH or FLOWER_BASIC_AUTH_FILE"
        )


with in_one_line():
    protect()
