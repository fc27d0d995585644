"""The file of a backup: what pg_dump writes in its custom format, and behind it one line that says what it holds.

pg_restore reads only what its own table of contents points to, so it takes such a file as it is. The line is written
last: a file without it, or whose bytes are not those of its checksum, is not whole.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from senso.errors import ConfigError, NotFound, SensoError

MARK: Final = b"\nsenso backup 1 "
LONGEST_LINE: Final = 1 << 20
CHUNK: Final = 1 << 20
DUMP: Final = b"PGDMP"  # how every file of pg_dump's custom format begins


@dataclass(frozen=True, slots=True)
class Manifest:
    """`taken_at`: the moment that the backup shows, by the database's clock. `rows`: by table. `size`: of the dump."""

    taken_at: str
    revision: str
    schema: str
    server: str
    rows: dict[str, int]
    size: int
    sha256: str


@contextmanager
def written_aside(file: Path, *, force: bool) -> Iterator[Path]:
    """A file beside it, readable by its owner only, that gets its name and reaches the disk when the block ends.

    Raises ConfigError if the file is there or cannot be written. What a killed process has left is written over.
    """
    refuse_existing(file, force=force)
    aside = file.with_name(f"{file.name}.part")
    try:
        lock = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    try:
        hold(lock, aside)
        os.fchmod(lock, 0o600)
        try:
            yield aside
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise
        os.fsync(lock)
        refuse_existing(file, force=force)
        aside.replace(file)
        keep_name(file.parent)
    finally:
        os.close(lock)


def refuse_existing(file: Path, *, force: bool) -> None:
    try:
        is_there = file.exists()
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    if is_there and not file.is_file():
        raise ConfigError(f"{file} is no file that a backup could be written to; name another")
    if is_there and not force:
        raise ConfigError(f"{file} is there already; name another, or say --force to write over it")


def hold(lock: int, aside: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigError(f"another backup is being written to {aside}; wait for it, or name another file") from None


def keep_name(folder: Path) -> None:
    """Makes the name of a new file reach the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(file: Path, size: int) -> str:
    """SHA-256 of the first `size` bytes."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while size > 0 and (chunk := opened.read(min(CHUNK, size))):
            found.update(chunk)
            size -= len(chunk)
    return found.hexdigest()


def sign(file: Path, manifest: Manifest) -> None:
    with file.open("ab") as opened:
        opened.write(MARK + json.dumps(asdict(manifest)).encode() + b"\n")


def manifest_of(file: Path) -> Manifest | None:
    """None for a file that pg_dump made by itself. Raises as `last_line` does, and SensoError if it is not whole."""
    line = last_line(file)
    return None if line is None else checked(file, line)


def last_line(file: Path) -> bytes | None:
    """The line behind the dump, if there is one. Raises NotFound, ConfigError for a file of another kind."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(DUMP))
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - LONGEST_LINE))
            tail = opened.read()
    except FileNotFoundError:
        raise NotFound(f"no file {file}") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    if head != DUMP:
        raise ConfigError(f"{file} is no backup: neither of senso backup nor of pg_dump --format=custom")
    _, mark, line = tail.rpartition(MARK)
    return line if mark else None


def checked(file: Path, line: bytes) -> Manifest:
    try:
        found = Manifest(**json.loads(line))
    except (ValueError, TypeError):
        raise not_whole(file, "its last line is cut off") from None
    if checksum(file, found.size) != found.sha256:
        raise not_whole(file, "its checksum is another")
    return found


def not_whole(file: Path, why: str) -> SensoError:
    return SensoError(f"{file} is not whole: {why}; nothing was changed; take another backup")
