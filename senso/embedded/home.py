"""The folder that holds everything of the embedded servers: data, logs, password, locks and the state file."""

import fcntl
import json
import os
import pwd
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from senso.errors import ConfigError, Unreachable

LONGEST_PATH = 900  # bytes; Postgres truncates paths at 1024 and needs some of that for its own names
NEEDED_BYTES = 100 * 1024 * 1024  # an empty database is 39 MB, the rest is for its WAL segments


@dataclass(frozen=True)
class Urls:
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


@dataclass(frozen=True)
class State:
    """What the guardian publishes: the URLs of the servers, and all process ids."""

    guardian: int
    postgres: int
    redis: int
    urls: Urls


@dataclass(frozen=True)
class Home:
    path: Path

    @classmethod
    def found(cls, path: Path) -> "Home":
        """Creates nothing. Raises ConfigError if the folder belongs to another user or cannot be used."""
        with naming(path):
            home = cls(path.expanduser().resolve())
            if home.path.exists():
                home.refuse_foreign()
        return home

    @classmethod
    def prepared(cls, path: Path) -> "Home":
        """Raises ConfigError naming the path when it cannot be used."""
        home = cls.found(path)
        with naming(home.path):
            if len(os.fsencode(home.path)) > LONGEST_PATH:
                raise ConfigError(f"SENSO_HOME: {home.path} is longer than the {LONGEST_PATH} bytes Postgres can use")
            home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.refuse_foreign()  # another user may have created it just now
            home.close_to_others()
        return home

    def refuse_foreign(self) -> None:
        found = self.path.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise ConfigError(f"SENSO_HOME: {self.path} is not a folder")
        if os.geteuid() not in (0, found.st_uid):
            owner = user_name(found.st_uid) or f"user {found.st_uid}"
            raise ConfigError(
                f"SENSO_HOME: {self.path} belongs to {owner}; run as {owner}, or set SENSO_HOME to a folder of your own"
            )
        if found.st_mode & 0o002:
            raise ConfigError(f"SENSO_HOME: everybody may write to {self.path}; set it to a folder of your own")

    def close_to_others(self) -> None:
        # A folder that existed before and has other contents keeps its mode: it may be a whole project.
        with self.as_owner():
            names = {path.name for path in self.path.iterdir()}
            if not names or "users.lock" in names:
                self.path.chmod(0o700)
            if not names:  # it may be inside a git repository, under any name
                ignored = self.path / ".gitignore"
                ignored.touch(0o600)
                ignored.write_text("*\n")

    def refuse_full_disk(self) -> None:
        with naming(self.path):
            free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise Unreachable(
                f"the disk under {self.path} is full: {free >> 20} MB free, {NEEDED_BYTES >> 20} needed; "
                "make room, or set SENSO_HOME to another disk"
            )

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """Root accesses an ordinary user's home with that user's rights only.

        So what root creates there stays usable for its owner, and a link planted there cannot misdirect root.
        """
        found = self.path.stat()
        if os.geteuid() != 0 or found.st_uid == 0:
            yield
            return
        group = os.getegid()
        os.setegid(found.st_gid)
        os.seteuid(found.st_uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(group)

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"

    def lock(self, name: str, *, shared: bool = False) -> int | None:
        """An open descriptor that holds the lock until it is closed; None if another process's lock conflicts."""
        with naming(self.path), self.as_owner():
            descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_free(self, name: str, *, shared: bool = False) -> bool:
        descriptor = self.lock(name, shared=shared)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    def is_guarded(self) -> bool:
        return self.path.exists() and not self.is_free("guardian.lock", shared=True)

    def is_used(self) -> bool:
        if self.is_free("users.lock"):
            return False
        # The guardian, too, holds the lock for the moment in which it removes the state file.
        time.sleep(0.02)
        return self.state() is not None

    def state(self) -> State | None:
        """None without a state file, or with one that another version has written."""
        with naming(self.path):
            try:
                with self.as_owner():
                    told = json.loads((self.path / "state.json").read_text())
                return State(**{**told, "urls": Urls(**told["urls"])})
            except (FileNotFoundError, ValueError, TypeError, KeyError):
                return None

    def write_state(self, state: State) -> None:
        fresh = self.path / "state.json.new"
        fresh.write_text(json.dumps(asdict(state)))
        fresh.replace(self.path / "state.json")

    def forget_state(self) -> None:
        (self.path / "state.json").unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turns a system error about a path into a ConfigError of one line that names the setting."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"SENSO_HOME: cannot use {path}: {getattr(error, 'strerror', None) or error}") from error


def patience(seconds: float) -> Iterator[None]:
    """Yields at once, then after each short pause, until the time is up. It limits every wait of this package."""
    end = time.monotonic() + seconds
    yield
    while time.monotonic() < end:
        time.sleep(0.02)
        yield


def user_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
