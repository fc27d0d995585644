"""`import`: partners, orgs and networks from a file."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.markup import escape

from senso import imports
from senso.cli.acting_user import actor
from senso.cli.directory import WEEKDAYS
from senso.cli.environment import connected
from senso.cli.printing import err, out, print_json
from senso.db import Connection, transaction
from senso.imports import Document
from senso.imports.schema import Org, Partner
from senso.quantities import counted
from senso.queries import imports as import_queries
from senso.reads import directory
from senso.settings import clock
from senso.weekly import DUE_HOUR, next_due_date

LISTED = 10


def import_file(file: Path, *, as_json: bool) -> None:
    document = imports.read(file)
    with connected(), transaction() as db:
        partners, orgs = new_ones(db, document)
        changes = asdict(import_queries.store(db, document, actor()))
    if as_json:
        print_json(changes | {"new_partners": named(partners), "new_orgs": named(orgs)})
        return
    print_changes(changes)
    print_new("partner", partners, "senso partners")
    print_new("org", orgs, "senso orgs")
    if orgs:
        print_next(orgs)


def new_ones(db: Connection, document: Document) -> tuple[list[Partner], list[Org]]:
    """The partners and orgs of the file that the database does not have yet."""
    found = document.contents
    known = directory.known(db, [*(one.id for one in found.partners), *(one.id for one in found.orgs)])
    return [one for one in found.partners if one.id not in known], [one for one in found.orgs if one.id not in known]


def named(ones: Sequence[Partner | Org]) -> list[dict[str, UUID | str]]:
    return [{"id": one.id, "name": one.name} for one in ones]


def print_changes(changes: dict[str, Any]) -> None:
    notes = changes.pop("notes", ())
    for name, counts in changes.items():
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) if counts else ""
        if said:
            out.print(f"{name:<17} {said}")
    for note in notes:
        err.suggest(f"note: {note}")


def print_new(what: str, ones: Sequence[Partner | Org], all_of_them: str) -> None:
    for one in ones[:LISTED]:
        out.print(f"{what} {one.id} {escape(one.name)}", soft_wrap=True)
    if len(ones) > LISTED:
        out.suggest(f"... and {counted(len(ones) - LISTED, f'more {what}')}: {all_of_them}")


def print_next(orgs: Sequence[Org]) -> None:
    out.suggest(f"Ask for one now: senso trigger org {orgs[0].id}")
    weekly = [one for one in orgs if one.active and one.questions and one.models and one.locations]
    days = {one.created_at.weekday() for one in weekly}
    first = next_due_date(days, clock(), DUE_HOUR)
    if first is None:
        return
    whose = "It runs by itself" if len(weekly) == 1 else f"{len(weekly)} orgs run by themselves"
    on = f"on {WEEKDAYS[first.weekday()]}" if len(days) == 1 else "each on the weekday of its created_at"
    err.print(f"{whose} while senso is up, {on}, first on {first}; active: false keeps an org from it.")
