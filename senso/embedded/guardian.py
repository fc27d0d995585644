"""The detached process that is the parent of both servers, from the first command that needs them to the last."""

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from senso.embedded.home import Home, State, Urls
from senso.embedded.identity import become_owner, find_identity
from senso.embedded.postgres import Postgres
from senso.embedded.programs import Programs
from senso.embedded.redis import Redis
from senso.errors import ConfigError, SensoError, Unreachable

LOOK_SECONDS = 0.1
MOST_RESTARTS = 20  # of one guardian; a server that dies more often has a cause that a restart does not fix

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> None:
    """Arguments: HOME LOCK POSTGRES REDIS; the lock is an open descriptor. Reports a failed start on stdout."""
    path, guard, postgres, redis = arguments
    # Detached from its parent: the command that starts it may end first, or run on without waiting for it.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    try:
        with_servers(Home(Path(path)), Programs(Path(postgres), Path(redis)), int(guard))
    except (SensoError, OSError, subprocess.SubprocessError) as error:
        logger.critical("%s", error)
        os.write(sys.stdout.fileno(), str(error).encode(errors="replace"))


def with_servers(home: Home, programs: Programs, guard: int) -> None:
    become_owner(home)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    open_logs(home)
    identity, password = find_identity(home, programs), find_password(home)
    redis = Redis(home, programs.redis, identity, password)
    postgres = Postgres(home, programs.postgres, identity, password)
    try:
        start(home, redis, postgres)
        watch(home, redis, postgres, guard)
    finally:
        stop(home, redis, postgres)


def start(home: Home, redis: Redis, postgres: Postgres) -> None:
    home.forget_state()  # left over from a guardian that was killed
    for server in (redis, postgres):
        server.spawn()
    for server in (redis, postgres):
        server.await_ready()
    tell(home, redis, postgres)
    logger.info("postgres answers on port %d, redis on port %d", postgres.port, redis.port)
    # The command that started this process reads stdout until it is closed: now it continues.
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def watch(home: Home, redis: Redis, postgres: Postgres, guard: int) -> None:
    """Runs until no process uses the servers any more, or the home was removed."""
    restarts = 0
    while is_still_there(home, guard) and not is_left(home):
        restarts += mend(home, redis, postgres)
        if restarts > MOST_RESTARTS:
            raise Unreachable(f"gave up after {MOST_RESTARTS} restarts")
        for server in (redis, postgres):
            server.trim_log()
        time.sleep(LOOK_SECONDS)
    logger.info("nobody is left")


def mend(home: Home, redis: Redis, postgres: Postgres) -> int:
    """Restarts the servers that have died, and returns their number."""
    mended = [server.mend() for server in (redis, postgres)]
    if any(mended):
        tell(home, redis, postgres)
    return sum(mended)


def stop(home: Home, redis: Redis, postgres: Postgres) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        home.forget_state()
    for server in (redis, postgres):
        server.stop()
    for server in (redis, postgres):
        server.await_end()


def tell(home: Home, redis: Redis, postgres: Postgres) -> None:
    home.write_state(State(os.getpid(), postgres.pid, redis.pid, Urls(postgres.url, redis.url)))


def is_left(home: Home) -> bool:
    """Whether the servers have no users. If so, removes the state file while it holds the exclusive lock.

    A command that comes later then finds no state and waits for the guardian's end; one that came earlier has the lock.
    """
    users = home.lock("users.lock")
    if users is None:
        return False
    home.forget_state()
    os.close(users)
    return True


def is_still_there(home: Home, guard: int) -> bool:
    """False if the folder was deleted, even if a new one has its name: the new one gets its own guardian."""
    try:
        return (home.path / "guardian.lock").stat().st_ino == os.fstat(guard).st_ino
    except FileNotFoundError:
        return False


def leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)


def open_logs(home: Home) -> None:
    """Keeps the previous run's logs beside the new ones as .old."""
    for name in ("guardian", "postgres", "redis"):
        with suppress(FileNotFoundError):
            home.log(name).replace(home.path / f"{name}.log.old")
    with home.log("guardian").open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)


def find_password(home: Home) -> str:
    file = home.path / "password"
    if not file.exists():
        if (home.path / "postgres").exists():
            raise ConfigError(f"{file} is missing, and the data beside it cannot be opened without; bring it back")
        file.write_text(secrets.token_hex(24))
    return file.read_text().strip()
