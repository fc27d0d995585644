"""`import` and `trigger`."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.markup import escape

from senso import imports
from senso.cli.printing import err, out, print_json
from senso.cli.surroundings import connected, require_redis
from senso.cli.watching import load, show, watch
from senso.db import transaction
from senso.errors import ConfigError
from senso.queries import imports as import_queries
from senso.queries import workers

EXIT_CODES = {"failed": 1, "blocked": 3}
SAID = {
    "opened": "opened",
    "attached": "is under way already; nothing was opened",
    "resumed": "was blocked and is tried again",
    "reopened": "was cancelled and is open again",
    "completed": "is completed already; nothing to do",
    "partial": "has ended with failures; ask again for what failed: senso retry",
    "failed": "has failed; ask again: senso retry",
}


def actor() -> str:
    return getpass.getuser()


def import_file(file: Path, *, as_json: bool) -> None:
    document = imports.read(file)
    with connected(), transaction() as db:
        changes = import_queries.store(db, document, actor())
    if as_json:
        print_json(asdict(changes))
        return
    print_changes(asdict(changes))


def print_changes(changes: dict[str, Any]) -> None:
    notes = changes.pop("notes", ())
    for name, counts in changes.items():
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) if counts else ""
        if said:
            out.print(f"{name:<12} {said}")
    for note in notes:
        err.print(f"note: {escape(note)}")


def trigger(orgs: Sequence[UUID], *, wait: bool, idempotency_key: str | None, reopen: bool, as_json: bool) -> None:
    if idempotency_key and len(orgs) > 1:
        raise ConfigError("--idempotency-key is for one org; give each its own")
    with connected():
        require_redis()
        found = [trigger_one(org, idempotency_key, reopen=reopen) for org in orgs]
        if wait:
            ended = watch([batch for batch, _ in found], as_json=as_json)
            raise typer.Exit(max(EXIT_CODES.get(one["state"], 0) for one in ended))
        print_triggered(found, as_json=as_json)


def trigger_one(org: UUID, idempotency_key: str | None, *, reopen: bool) -> tuple[UUID, str]:
    from senso.tasks.trigger import By, trigger_org  # noqa: PLC0415  needs the broker's URL, which may be new

    found = trigger_org(org, By(actor()), idempotency_key=idempotency_key, reopen=reopen)
    return found.batch.id, found.outcome


def print_triggered(found: Sequence[tuple[UUID, str]], *, as_json: bool) -> None:
    stands = [load(batch) | {"outcome": outcome} for batch, outcome in found]
    if as_json:
        print_json(stands if len(stands) > 1 else stands[0])
        return
    for one in stands:
        out.print(f"Batch {one['id']} {SAID[one['outcome']]}.")
        show(one, as_json=False)
    with transaction() as db:
        if not workers.living(db):
            err.print("No worker is running: start them with `senso up`.")
