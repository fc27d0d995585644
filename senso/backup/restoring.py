"""A restore: all of a backup, in one transaction, into a database that holds nothing yet.

The revision of the schema is not restored with the rows: the transaction that ends the restore writes it. Until then
every command and worker refuses the database, and another restore begins again, so nothing half-done looks whole.
"""

import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from senso import schema, supplied
from senso.backup import files, programs
from senso.backup.files import Manifest
from senso.backup.taking import REVISIONS
from senso.checks import postgres, promises, require
from senso.checks.messages import Found
from senso.db import Connection, transaction
from senso.errors import ConfigError, SensoError
from senso.migrations import migrate
from senso.policy import POLICY
from senso.queries import invariants, stored

# Lines of a table of contents: `215; 1259 16402 TABLE public batches senso`.
TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA )(\S+) (\S+) ", re.MULTILINE)
ROWS_OF_REVISIONS = re.compile(rf"^(?=\d+; \d+ \d+ TABLE DATA \S+ {REVISIONS} )", re.MULTILINE)
COPIED = re.compile(r"FROM stdin;\n(\w+)\n")
# These speak of what is due: after a while without workers that is late, and it is done once there are some.
OF_WORK = {"I7", "I8"}
LATE = {
    "I2 whatever is open has a deadline, and none is past it",
    "I5 a push arrives, or says why not",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file says of itself. `manifest`: None for a file of pg_dump alone."""

    manifest: Manifest | None
    listed: str
    schema: str
    tables: list[str]
    revision: str


@dataclass(frozen=True, slots=True)
class Restored:
    """`revision`: of the backup, and `now_at`: to which it was migrated. `rows`: of the backup, by table.

    `broken`: promises that do not hold, `late`: of these, such as speak of work that waits for workers.
    """

    revision: str
    now_at: str
    rows: dict[str, int]
    manifest: Manifest | None
    seconds: float
    broken: Found
    late: Found


def restore(file: Path, most_running: int) -> Restored:
    """Raises NotFound, ConfigError for a file or a database that does not fit, SensoError for a file that is not whole.

    `most_running`: batches that may run at a time.
    """
    began = time.monotonic()
    manifest = files.manifest_of(file)
    program = find_program()
    contents = read(program, file, manifest)
    with transaction() as db:
        make_room(db, contents)
    # Now that nothing is half restored: a server that would not keep the rows gets none.
    require(postgres.findings(supplied.database().pool_size))
    fill(program, file, contents)
    rows = settle(contents)
    with transaction() as db:
        stored.patient(db)
        stored.analyze(db, rows)
    _, now_at = migrate()
    broken = promises.in_rows(most_running)
    late = {name: found for name, found in broken.items() if name in LATE or name.partition(" ")[0] in OF_WORK}
    seconds = time.monotonic() - began
    broken = {name: found for name, found in broken.items() if name not in late}
    return Restored(contents.revision, str(now_at), rows, manifest, seconds, broken, late)


def find_program() -> Path:
    with transaction() as db:
        return programs.find("pg_restore", stored.moment(db).major)


def read(program: Path, file: Path, manifest: Manifest | None) -> Contents:
    """Reads a file without a manifest to its end: there is nothing else that says whether it is whole."""
    try:
        listed = programs.run(program, "--list", str(file))
        if manifest is None:
            programs.run(program, "--file=/dev/null", str(file))
        copied = programs.run(program, "--data-only", f"--table={REVISIONS}", "--file=-", str(file))
    except SensoError as error:
        raise files.not_whole(file, str(error)) from None
    found = TABLE.findall(listed)
    revision = COPIED.search(copied)
    of, tables = next((of for of, name in found if name == REVISIONS), ""), [name for _, name in found]
    if revision is None or not of or {name for name, _ in found} != {of}:
        raise ConfigError(f"{file} is no backup of this product: it has no revision of the schema, or several schemas")
    refuse_newer(file, revision[1])
    return Contents(manifest, listed, of, tables, revision[1])


def refuse_newer(file: Path, revision: str) -> None:
    if revision not in schema.revisions():
        raise ConfigError(f"{file} is at revision {revision}, which this version does not know; upgrade senso")


def make_room(db: Connection, contents: Contents) -> None:
    """Removes empty tables, and what a restore that was stopped has left. Raises ConfigError if anything is lost."""
    current = schema.current_schema(db)
    if current != contents.schema:
        raise ConfigError(
            f"the backup is of the schema {contents.schema}, and the database creates tables in {current}; "
            "set search_path in DATABASE_URL as it was"
        )
    there = stored.tables(db)
    if not schema.is_half_restored(db):
        refuse_used(stored.in_use(db, there, POLICY))
    ours = {*contents.tables, *stored.product_tables(), REVISIONS}
    stored.drop(db, [name for name in there if name in ours])


def refuse_used(found: dict[str, int]) -> None:
    if found:
        said = ", ".join(f"{count} {name}" for name, count in found.items())
        raise ConfigError(
            f"the database is not empty: it has {said}; a restore needs an empty one: name a new one in DATABASE_URL, "
            "or set SENSO_HOME to a new folder"
        )


def fill(program: Path, file: Path, contents: Contents) -> None:
    with tempfile.TemporaryDirectory(prefix="senso-") as folder:
        listed = Path(folder) / "list"
        listed.write_text(ROWS_OF_REVISIONS.sub(";", contents.listed))
        options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password")
        chosen = (f"--use-list={listed}", f"--schema={contents.schema}")
        try:
            programs.run(program, *options, *chosen, f"--dbname={programs.connection()}", str(file))
        except SensoError as error:
            raise SensoError(f"nothing was restored: {error}") from None


def settle(contents: Contents) -> dict[str, int]:
    """Raises SensoError, and leaves the database without a revision, if a row is missing."""
    with transaction() as db:
        stored.patient(db)
        rows = stored.counted(db, sorted(set(contents.tables) - {REVISIONS}))
        refuse_missing(contents.manifest, rows)
        stored.settle(db, contents.revision)
    return rows


def refuse_missing(manifest: Manifest | None, rows: dict[str, int]) -> None:
    missing = stored.missing(manifest.rows, rows) if manifest else {}
    if missing:
        said = ", ".join(f"{name} has {found} of {expected} rows" for name, (expected, found) in missing.items())
        raise SensoError(f"the restore is not complete: {said}; restore it again, or take another backup")


def promises_that_hold(found: Iterable[str]) -> int:
    """`found`: names of those that do not."""
    return len(invariants.CHECKS) - len(set(found))
