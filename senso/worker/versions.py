"""The versions that this package was written for: it replaces inner parts of Celery and kombu."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from senso.errors import ConfigError

# Transport, events, result backend and shutdown were written against, and tested with, celery 5.7.0 and kombu 5.7.0.
WRITTEN_FOR: Final = {"celery": "5.7", "kombu": "5.7"}


def require(*, allow_others: Callable[[], bool]) -> None:
    """Raises ConfigError beside another minor version, unless `allow_others`, which is asked only then."""
    for name, minor in WRITTEN_FOR.items():
        found = version(name)
        if not found.startswith(f"{minor}.") and not allow_others():
            raise ConfigError(
                f"{name} {found}: workers replace parts of {name} {minor} and were not tested with this one; "
                f"pip install '{name}=={minor}.*', or set UNTESTED_CELERY=true"
            )
