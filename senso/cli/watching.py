"""`watch`: following batches until they end."""

import time
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from senso.cli.printing import err, print_json
from senso.cli.standing import load, show
from senso.db import transaction
from senso.queries import workers
from senso.queries.batches import ENDS

LOOK_SECONDS = 0.5
# Nobody works: said once, after the time in which a worker that lives would have been seen.
PATIENCE_SECONDS = 12


def watch(batches: Sequence[UUID], *, as_json: bool, without_steps: Collection[str] = ()) -> list[dict[str, Any]]:
    """Until all have ended; prints each then. Progress goes to stderr, so that stdout can be piped.

    `without_steps`: states of which the caller itself says what to do next.
    """
    for batch in batches:
        load(batch)  # an unknown one is an error before any progress is drawn
    found = follow(batches)
    if as_json:
        print_json(found if len(found) > 1 else found[0])
    else:
        for one in found:
            show(one, as_json=False, next_steps=one["state"] not in without_steps)
    return found


def follow(batches: Sequence[UUID]) -> list[dict[str, Any]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        lines = {batch: progress.add_task("queued", total=None) for batch in batches}
        started, told = time.monotonic(), False
        while True:
            found = [load(batch) for batch in batches]
            for one in found:
                progress.update(lines[one["id"]], description=describe(one), completed=done(one), total=one["planned"])
            if all(one["state"] in ENDS for one in found):
                return found
            if not told and time.monotonic() - started > PATIENCE_SECONDS:
                told = warn_when_nobody_works(progress)
            time.sleep(LOOK_SECONDS)


def done(one: dict[str, Any]) -> int:
    return int(one["evaluated"]) + int(one["failed"])


def describe(one: dict[str, Any]) -> str:
    return f"{escape(one['org'] or str(one['id']))}: {one['state']}, {one['answered']} answered"


def warn_when_nobody_works(progress: Progress) -> bool:
    with transaction() as db:
        if workers.living(db):
            return False
    progress.console.print("No worker is running: start them with `senso up` in another terminal.")
    return True
