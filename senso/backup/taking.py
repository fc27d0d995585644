"""A backup: all rows of one moment, counted and dumped from the same snapshot, while work goes on."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from senso import schema
from senso.backup import files, programs
from senso.backup.files import Manifest
from senso.db import Connection, transaction
from senso.errors import ConfigError, SensoError
from senso.queries import stored
from senso.queries.stored import Moment

# Never takes less room than this part of the rows.
LEAST_PART = 20
REVISIONS = "alembic_version"


@dataclass(frozen=True, slots=True)
class Taken:
    """`size`: bytes of the file."""

    file: Path
    size: int
    seconds: float
    manifest: Manifest


def take(file: Path, *, force: bool = False) -> Taken:
    """Raises ConfigError for a file that cannot be written or a database without tables, SensoError if pg_dump fails.

    Nothing is left of a backup that failed.
    """
    began = time.monotonic()
    with files.written_aside(file, force=force) as aside:
        manifest = dumped(aside)
        files.sign(aside, manifest)
    return Taken(file, file.stat().st_size, time.monotonic() - began, manifest)


def dumped(aside: Path) -> Manifest:
    with transaction() as db:
        moment = stored.moment(db)
        revision = schema.revision(db)
        if revision is None:
            raise ConfigError("the database has no tables yet; there is nothing to back up")
        require_room(aside, stored.size(db))
        program = programs.find("pg_dump", moment.major)
        dump = programs.start(program, arguments(aside, moment))
        try:
            rows = rows_of(db)
        except BaseException:
            dump.terminate()
            dump.wait()
            raise
        wait_for(dump)
    size = aside.stat().st_size
    sha256 = files.checksum(aside, size)
    return Manifest(moment.taken_at.isoformat(), revision, moment.schema, moment.server, rows, size, sha256)


def rows_of(db: Connection) -> dict[str, int]:
    return stored.counted(db, [name for name in stored.tables(db) if name != REVISIONS])


def wait_for(dump: programs.Program) -> None:
    try:
        programs.ended(dump)
    except SensoError as error:
        raise SensoError(f"the backup was not written: {error}") from None


def require_room(aside: Path, size: int) -> None:
    free = shutil.disk_usage(aside.parent).free
    if free < size // LEAST_PART:
        said = f"{free >> 20} MB are free for {aside}, and the rows take {size >> 20} MB"
        raise SensoError(f"{said}; make room, or name a file on another disk")


def arguments(aside: Path, moment: Moment) -> list[str]:
    """Roles and their rights belong to a server, not to the data: a restore gives all tables to its own role."""
    name = moment.schema.replace('"', '""')
    return [
        *("--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--no-password"),
        *("--lock-wait-timeout=60s", f"--snapshot={moment.snapshot}", f'--schema="{name}"'),
        *(f"--file={aside}", f"--dbname={programs.connection()}"),
    ]
