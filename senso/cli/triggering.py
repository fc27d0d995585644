"""`trigger`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from senso.cli.printing import err, out, print_json
from senso.cli.standing import load, show
from senso.cli.surroundings import connected, require_redis, short, uuid
from senso.cli.watching import watch
from senso.cli.who import actor
from senso.db import transaction
from senso.errors import ConfigError, InsufficientCredits, SensoError
from senso.imports.ids import read_ids
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


def ids_of(given: Sequence[str], file: Path | None) -> list[UUID]:
    """Each once, in the order in which they were said. Raises ConfigError naming the line of a file."""
    named = [uuid(one, "org") for one in given]
    found = list(dict.fromkeys([*named, *(read_ids(file) if file else [])]))
    if not found:
        raise ConfigError("say which orgs: their ids, or --file with one id a line")
    return found


@dataclass(frozen=True, slots=True)
class How:
    wait: bool = False
    dry_run: bool = False
    idempotency_key: str | None = None
    reopen: bool = False
    triggered_by: str | None = None
    user_id: str | None = None

    def cleaned(self) -> "How":
        """Raises ConfigError."""
        return replace(
            self,
            idempotency_key=maybe_short("--idempotency-key", self.idempotency_key),
            triggered_by=maybe_short("--triggered-by", self.triggered_by),
            user_id=maybe_short("--user-id", self.user_id),
        )


def maybe_short(option: str, text: str | None) -> str | None:
    return None if text is None else short(option, text)


def trigger(orgs: Sequence[UUID], how: How, *, as_json: bool) -> None:
    how = how.cleaned()
    if how.idempotency_key is not None and len(orgs) > 1:
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
