"""`import`: partners, orgs and networks from a file."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from senso import imports
from senso.cli.printing import err, out, print_json
from senso.cli.surroundings import connected
from senso.cli.who import actor
from senso.db import transaction
from senso.queries import imports as import_queries


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
            out.print(f"{name:<17} {said}")
    for note in notes:
        err.print(f"note: {escape(note)}", soft_wrap=True)
