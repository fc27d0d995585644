"""Backup of a database of many runs, its restore into an empty server, and pruning: seconds, bytes, rows, promises.

The product works off a few batches, which are copied until there are as many runs as wanted (`promises.py`).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import product
from machine import heading, save
from measuring import longest
from printing import MB, line
from promises import MIXED, grow, opened, rows
from stand import Ground, Options, add_options, ground, ids, options_of
from work import Work

from senso.db import transaction
from senso.workflows import pruning

LONGEST_SECONDS = 1800
# Copies are of the four weeks before today.
PRUNED_DAYS = 7


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=12))
    given.add_argument("--runs", type=int, default=100_000, help="default 100000: in the database that is backed up")
    read = given.parse_args()
    options, said = options_of(read), heading()
    print(said, flush=True)
    work = Work(MIXED, options.orgs)
    with ground(work, Options(**{**vars(options), "sandbox": True, "orgs": work.orgs})) as here:
        here.running.wait(opened(ids(work.measured[: options.orgs])), longest(options.orgs))
        grow(here, read.runs)
        found = measured(here)
    report(said, found)
    save("restore", {"runs": read.runs, **found})


def measured(here: Ground) -> dict[str, Any]:
    file = here.stand.folder / "senso.dump"
    (stored,) = here.running.query("SELECT pg_database_size(current_database())")[0]
    with product.temporary_folder() as empty:
        taken = told(here.stand.folder, here.stand.folder / "home", "backup", str(file))
        restored = told(empty, empty / "home", "restore", str(file))
    return {"rows": rows(here), "stored_bytes": stored, "backup": taken, "restore": restored, "prune": pruned()}


def told(folder: Path, home: Path, *arguments: str) -> Any:
    """What the command prints, with the seconds from its first character to its end, servers included."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "senso.cli", *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "SENSO_HOME": str(home), "DATABASE_URL": "", "REDIS_URL": ""},
        check=False,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"senso {arguments[0]}: {done.stderr}")
    return json.loads(done.stdout) | {"whole_seconds": time.perf_counter() - began}


def pruned() -> dict[str, Any]:
    """Of the copies nothing is the latest any more: each org has a batch of one date only."""
    with transaction() as db:
        db.exec_driver_sql("SET LOCAL statement_timeout = 0")
        db.exec_driver_sql("UPDATE question_runs SET is_latest = false")
    began = time.perf_counter()
    done = pruning.prune(pruning.limits(PRUNED_DAYS, datetime.now(UTC).date(), 30))
    seconds = time.perf_counter() - began
    again = pruning.prune(pruning.limits(PRUNED_DAYS, datetime.now(UTC).date(), 30))
    return {"batches": done.batches, "rows": done.rows, "seconds": seconds, "again": again.rows.total()}


def report(said: str, found: dict[str, Any]) -> None:
    print(f"\n== restore: {said} ==")
    print(", ".join(f"{count} {table}" for table, count in found["rows"].items()))
    line("in Postgres, MB", f"{found['stored_bytes'] / MB:.0f}", "with indexes")
    line("backup, s", f"{found['backup']['seconds']:.1f}", f"{found['backup']['bytes'] / MB:.0f} MB")
    restore = found["restore"]
    line("restore, s", f"{restore['seconds']:.1f}", f"{restore['whole_seconds']:.1f} s with new embedded servers")
    line("rows restored", str(sum(restore["rows"].values())), "as many of each table as the backup says")
    line(
        "promises broken",
        str(len(restore["broken"])),
        f"late until workers run: {list(restore['waiting_for_workers'])}",
    )
    prune = found["prune"]
    deleted = sum(prune["rows"].values())
    line("prune, rows/s", f"{deleted / prune['seconds']:.0f}", f"{deleted} of {prune['batches']} batches")
    line("prune again, rows", str(prune["again"]))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
