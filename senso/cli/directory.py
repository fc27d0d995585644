"""`orgs` and `partners`: lists of them, with the ids that other commands take."""

from uuid import UUID

from rich.markup import escape

from senso.cli.printing import below, dollars, err, identified, out, print_json, printable, styled
from senso.db import looking
from senso.errors import NotFound
from senso.quantities import counted
from senso.reads import directory as queries
from senso.reads.directory import Org, Partner
from senso.records import record

SHOWN = 50


def orgs(search: str, partner: UUID | None, most: int | None, *, as_json: bool) -> None:
    """Prints all as JSON, the first in a terminal, or `most` of them. Raises NotFound for an unknown partner."""
    with looking() as db:
        if partner is not None and not queries.is_partner(db, partner):
            raise NotFound(f"no partner {partner}; senso partners lists them")
        wanted = most or (None if as_json else SHOWN)
        found, total = queries.orgs(db, search=search, partner=partner, most=wanted)
    if as_json:
        print_json([record(one) | {"weekday": one.weekday} for one in found])
        return
    for one in found:
        print_org(one)
    if total.orgs:
        err.print(shown(len(found), total.orgs, f"{counted(total.orgs, 'org')}, {total.active} active"))
    else:
        out.suggest("No such orgs." if search or partner else "No orgs yet. Bring some in: senso import FILE")


def print_org(one: Org) -> None:
    """Prints the id on a line that can be copied, and the details below it."""
    out.print(identified(str(one.id), f"[bold]{escape(printable(one.name))}[/]"))
    matrix = " × ".join(
        [
            counted(one.questions, "question"),
            counted(one.models, "model"),
            counted(one.locations, "location"),
            *([counted(one.samples, "sample")] if one.samples > 1 else []),
        ]
    )
    day = one.weekday
    runs = "not active" if not one.active else f"on {day}s" if day else "never by itself"
    last = f"last {one.batch_date} {styled(one.batch_state)}" if one.batch_state else "no batch yet"
    out.print(below(f"{escape(printable(one.partner))}; {runs}; {matrix} = {counted(one.runs, 'run')}; {last}"))


def partners(search: str, most: int | None, *, as_json: bool) -> None:
    with looking() as db:
        found, total = queries.partners(db, search=search, most=most or (None if as_json else SHOWN))
    if as_json:
        print_json(found)
        return
    for one in found:
        print_partner(one)
    if total:
        err.print(shown(len(found), total, counted(total, "partner")))
    else:
        out.suggest("No such partners." if search else "No partners yet. Bring some in: senso import FILE")


def print_partner(one: Partner) -> None:
    out.print(identified(str(one.id), f"[bold]{escape(printable(one.name))}[/]"))
    has = f"{counted(one.available, 'credit')} available" if one.available is not None else "not metered"
    held = f", {one.held} held for batches under way" if one.held else ""
    ceiling = "" if one.max_daily_cost_microusd is None else f", at most {dollars(one.max_daily_cost_microusd)} a day"
    out.print(below(f"{has}{held}{ceiling}; {counted(one.orgs, 'org')}, {one.active} active"))


def shown(number: int, total: int, all_of_them: str) -> str:
    """The summary below a list. It says so if the list is incomplete."""
    if number == total:
        return f"{all_of_them}."
    return f"The first {number} of {all_of_them}; --limit N shows more, --search TEXT fewer."
