"""`backup` and `restore`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from senso.cli.environment import unprepared
from senso.cli.printing import out, print_json
from senso.errors import SensoError
from senso.settings import settings

if TYPE_CHECKING:
    from senso.backup.restoring import Restored
    from senso.backup.taking import Taken

MB = 1_000_000
SHOWN = 8  # tables


def backup(file: Path, *, force: bool, as_json: bool) -> None:
    from senso.backup import files, taking  # noqa: PLC0415  only what this command needs

    files.refuse_existing(file, force=force)
    with unprepared():
        taken = taking.take(file.absolute(), force=force)
    if as_json:
        print_json(told(taken))
        return
    of = taken.manifest
    out.print(f"{escape(str(taken.file))}: {taken.size / MB:.1f} MB in {taken.seconds:.1f} s.", soft_wrap=True)
    out.print(f"All of {of.taken_at[:19].replace('T', ' ')} UTC, at revision {of.revision}: {largest(of.rows)}.")


def told(taken: "Taken") -> dict[str, Any]:
    of = taken.manifest
    return {
        "file": str(taken.file),
        "bytes": taken.size,
        "seconds": round(taken.seconds, 3),
        "taken_at": of.taken_at,
        "revision": of.revision,
        "server": of.server,
        "sha256": of.sha256,
        "rows": of.rows,
    }


def largest(rows: Mapping[str, int]) -> str:
    """The rows of the largest tables."""
    found = sorted(((count, name) for name, count in rows.items() if count), key=lambda one: (-one[0], one[1]))
    rest = len(found) - SHOWN
    listed = ", ".join(f"{count} {name}" for count, name in found[:SHOWN])
    return f"{listed}, and {rest} more tables" if rest > 0 else listed or "no rows"


def restore(file: Path, *, as_json: bool) -> None:
    """Raises SensoError if a promise does not hold that does not wait for workers."""
    from senso.backup import files, restoring  # noqa: PLC0415  only what this command needs

    files.last_line(file)  # before any server is started
    with unprepared():
        done = restoring.restore(file.absolute(), settings().max_running_batches)
    if as_json:
        print_json(restored(done))
    else:
        print_restored(file, done)
    if done.broken:
        raise SensoError(f"restored, and broken: {', '.join(done.broken)}; see: senso doctor --invariants")


def restored(done: "Restored") -> dict[str, Any]:
    return {
        "revision": done.revision,
        "migrated_to": done.now_at,
        "taken_at": done.manifest.taken_at if done.manifest else None,
        "seconds": round(done.seconds, 3),
        "rows": done.rows,
        "broken": done.broken,
        "waiting_for_workers": done.late,
    }


def print_restored(file: Path, done: "Restored") -> None:
    from senso.backup import restoring  # noqa: PLC0415  only what this command needs

    out.print(f"Restored {escape(str(file))} in {done.seconds:.1f} s: {largest(done.rows)}.")
    if done.manifest:
        out.print(f"It is of {done.manifest.taken_at[:19].replace('T', ' ')} UTC; what was done since then is lost.")
    if done.now_at != done.revision:
        out.print(f"Migrated from revision {done.revision} to {done.now_at}.")
    out.print(
        f"{restoring.promises_that_hold([*done.broken, *done.late])} promises hold, {len(done.broken)} are broken."
    )
    if done.late:
        out.print("Work is late until workers have run for a few minutes; look again then: " + ", ".join(done.late))
    out.suggest("Next: senso up, or your workers and beat. Later: senso doctor --invariants")
