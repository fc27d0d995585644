"""`import`: partners, orgs and networks from a file."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.markup import escape

from senso import imports
from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.printing import dollars, err, out, print_json
from senso.cli.terms import terms
from senso.db import looking, transaction
from senso.errors import ConfigError
from senso.imports.schema import Network, Org, Partner
from senso.quantities import counted
from senso.queries import imports as import_queries
from senso.settings import clock, settings
from senso.weekly import DUE_HOUR, WEEKDAYS, next_due_date

LISTED = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """What an org that joined a network lacks of the network's answers, and what it costs to read that for it."""

    network_id: UUID
    org_id: UUID
    org: str
    answers: int
    credits: int
    cost_microusd: int | None


def import_file(file: Path, *, as_json: bool) -> None:
    document = imports.read(file)
    from senso.workflows import importing  # noqa: PLC0415  its reads take long to import, and a wrong file needs none

    with connected():
        with transaction() as db:
            import_queries.patiently(db)
            imported = importing.take_in(db, document, actor())
        new, changes = imported.new, asdict(imported.changes)
        joined = [one for network, org in new.joined for one in lacking(network, org)]
    if as_json:
        told = {"new_partners": named(new.partners), "new_orgs": named(new.orgs), "new_networks": named(new.networks)}
        print_json(changes | told | {"joined": joined})
        return
    print_changes(changes)
    print_new("partner", new.partners, "senso partners")
    print_new("org", new.orgs, "senso orgs")
    print_new("network", new.networks, f"they are in {file}")
    print_joined(joined)
    if new.orgs or new.networks:
        print_next(new.orgs, new.networks)


def lacking(network: Network, org: UUID) -> Iterator[Joined]:
    """Nothing where the network has no answers, or the org is not active."""
    from senso.workflows.network_estimates import estimate_missing  # noqa: PLC0415  providers take long to import, and most imports need none

    with suppress(ConfigError), looking() as db:
        (found,) = estimate_missing(db, network.id, [org], terms(), settings().network_history_days)
        costs = [one.cost_microusd for one in found.estimates]
        known = None if None in costs else sum(cost for cost in costs if cost is not None)
        yield Joined(network.id, org, found.org, found.evaluations, found.credits, known)


def named(ones: Sequence[Partner | Org | Network]) -> list[dict[str, UUID | str]]:
    return [{"id": one.id, "name": one.name} for one in ones]


def print_joined(joined: Sequence[Joined]) -> None:
    """The cost before it is spent: the next batch of the network reads for the org what it lacks."""
    for one in joined[:LISTED]:
        needed = f"{counted(one.answers, 'answer')}, {counted(one.credits, 'credit')}, {dollars(one.cost_microusd)}"
        out.print(
            f"{escape(one.org)} joined network {one.network_id}, and lacks {needed}: read with the network's next "
            f"batch, or now: senso trigger missing {one.network_id} {one.org_id}",
            soft_wrap=True,
        )
    if len(joined) > LISTED:
        networks = sorted({one.network_id for one in joined[LISTED:]})
        more = f"... and {counted(len(joined) - LISTED, 'more org')}: senso trigger missing {networks[0]} --dry-run"
        out.suggest(more)


def print_changes(changes: dict[str, Any]) -> None:
    notes = changes.pop("notes", ())
    for name, counts in changes.items():
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) if counts else ""
        if said:
            out.print(f"{name:<17} {said}")
    for note in notes:
        err.suggest(f"note: {note}")


def print_new(what: str, ones: Sequence[Partner | Org | Network], all_of_them: str) -> None:
    for one in ones[:LISTED]:
        out.print(f"{what} {one.id} {escape(one.name)}", soft_wrap=True)
    if len(ones) > LISTED:
        out.suggest(f"... and {counted(len(ones) - LISTED, f'more {what}')}: {all_of_them}")


def print_next(orgs: Sequence[Org], networks: Sequence[Network]) -> None:
    if networks:
        out.suggest(f"Ask for a network now: senso trigger network {networks[0].id}")
    if orgs:
        out.suggest(f"Ask for one now: senso trigger org {orgs[0].id}")
    weekly = [one for one in orgs if one.active and one.questions and one.models and one.locations]
    days = {one.created_at.weekday() for one in weekly}
    first = next_due_date(days, clock(), DUE_HOUR)
    if first is None:
        return
    whose = "It runs by itself" if len(weekly) == 1 else f"{len(weekly)} orgs run by themselves"
    on = f"on {WEEKDAYS[first.weekday()]}s" if len(days) == 1 else "each on the weekday of its created_at"
    err.print(f"{whose} while senso is up, {on}, first on {first}; active: false keeps an org from it.")
