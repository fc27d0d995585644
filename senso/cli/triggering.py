"""`import` and `trigger`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.markup import escape

from senso import imports
from senso.cli.printing import err, out, print_json
from senso.cli.standing import load, show
from senso.cli.surroundings import connected, require_redis, require_short, uuid
from senso.cli.watching import watch
from senso.cli.who import actor
from senso.db import transaction
from senso.errors import ConfigError, InsufficientCredits, SensoError
from senso.queries import imports as import_queries
from senso.queries import workers

# The one that is said of many comes first.
ENDED_BADLY = {
    "blocked": "batch {id} is blocked: {error}; pay: senso credits {partner_id} --grant N --ref REF, "
    "then go on: senso trigger org {org_id}",
    "failed": "batch {id} failed: {error}; why, run by run: senso runs {id} --failed; again: senso retry {id}",
    "cancelled": "batch {id} was cancelled; to open it again: senso trigger org {org_id} --reopen",
}
SAID = {
    "opened": "opened",
    "attached": "is under way already; nothing was opened",
    "resumed": "was blocked and is tried again",
    "reopened": "was cancelled and is open again",
    "completed": "is completed already; nothing to do",
    "partial": "has ended with failures; ask again for what failed: senso retry {id}",
    "failed": "has failed; ask again: senso retry {id}",
}


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


def ids_of(given: Sequence[str], file: Path | None) -> list[UUID]:
    """Each once, in the order in which they were said. Raises ConfigError naming the line of a file."""
    named = [uuid(one, "org") for one in given]
    found = list(dict.fromkeys([*named, *(ids_in(file) if file else [])]))
    if not found:
        raise ConfigError("say which orgs: their ids, or --file with one id a line")
    return found


def ids_in(file: Path) -> list[UUID]:
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or 'is not text'}") from None
    said = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    found = [id_at(file, number, word) for number, word in said if word]
    if not found:
        raise ConfigError(f"{file}: no ids in it")
    return found


def id_at(file: Path, number: int, word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise ConfigError(f"{file}:{number}: {word!r} is not the id of an org: ids are UUIDs, one a line") from None


@dataclass(frozen=True, slots=True)
class How:
    wait: bool = False
    dry_run: bool = False
    idempotency_key: str | None = None
    reopen: bool = False
    triggered_by: str | None = None
    user_id: str | None = None


def trigger(orgs: Sequence[UUID], how: How, *, as_json: bool) -> None:
    if how.idempotency_key is not None:
        require_short("--idempotency-key", how.idempotency_key)
        if len(orgs) > 1:
            raise ConfigError("--idempotency-key is for one org; give each its own")
    with connected():
        if how.dry_run:
            from senso.cli import foreseeing  # noqa: PLC0415  it needs the broker's URL, which may be new

            foreseeing.dry_run(orgs, reopen=how.reopen, as_json=as_json)
            return
        require_redis()
        found = open_all(orgs, how)
        if how.wait:
            ended = watch([batch for batch, _ in found], as_json=as_json, without_steps=ENDED_BADLY)
            require_good_end(ended)
            return
        print_triggered(found, as_json=as_json)


def require_good_end(ended: Sequence[dict[str, Any]]) -> None:
    """Raises InsufficientCredits or SensoError naming the first batch that must be looked at, and how many are left."""
    bad = [one for state in ENDED_BADLY for one in ended if one["state"] == state]
    if bad:
        said = ENDED_BADLY[bad[0]["state"]].format(**bad[0])
        kind = InsufficientCredits if bad[0]["state"] == "blocked" else SensoError
        raise kind(f"{said} (and {len(bad) - 1} more)" if len(bad) > 1 else said)


def open_all(orgs: Sequence[UUID], how: How) -> list[tuple[UUID, str]]:
    """Of many, all are looked at before the first is opened."""
    from senso.tasks.foresight import require_triggerable  # noqa: PLC0415  needs the broker's URL, which may be new

    if len(orgs) > 1:
        with transaction() as db:
            require_triggerable(db, orgs, reopen=how.reopen)
    return [trigger_one(org, how) for org in orgs]


def trigger_one(org: UUID, how: How) -> tuple[UUID, str]:
    from senso.tasks.trigger import By, trigger_org  # noqa: PLC0415  needs the broker's URL, which may be new

    by = By(actor(), how.triggered_by or "manual", how.user_id)
    found = trigger_org(org, by, idempotency_key=how.idempotency_key, reopen=how.reopen)
    return found.batch.id, found.outcome


def print_triggered(found: Sequence[tuple[UUID, str]], *, as_json: bool) -> None:
    stands = [load(batch) | {"outcome": outcome} for batch, outcome in found]
    if as_json:
        print_json(stands if len(stands) > 1 else stands[0])
        return
    for one in stands:
        out.print(f"Batch {one['id']} {SAID[one['outcome']].format(id=one['id'])}.", soft_wrap=True)
        show(one, as_json=False)
    with transaction() as db:
        if not workers.living(db):
            err.print("No worker is running: start them with `senso up`.")
