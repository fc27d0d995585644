"""`ledger --reconcile`: compares the ledger with the work, and names each difference."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from uuid import UUID

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.partner_credits import require
from senso.cli.printing import err, moment, out, print_json
from senso.cli.program import pasteable
from senso.cli.status import moment_since
from senso.db import looking
from senso.errors import SensoError
from senso.quantities import counted
from senso.queries.differences import Difference
from senso.records import record
from senso.workflows import reconciling
from senso.workflows.reconciling import ACTIONS, Order, Reconciled, amounts, said, told_of

EVERYTHING = "all"


def when(since: str | None) -> datetime | None:
    """Raises ConfigError."""
    return None if since is None or since == EVERYTHING else moment_since(since)


def reconcile(partner: UUID | None, since: str | None, accepted: str | None, *, as_json: bool) -> None:
    """Raises NotFound, or SensoError if there are differences that are not accepted, or more than are shown."""
    if partner is not None:
        with looking() as db:
            require(db, partner)
    order = Order(actor(), when(since), since == EVERYTHING, partner, accepted=accepted)
    found = reconciling.reconcile(order)
    if as_json:
        print_json(report(found))
    else:
        show(found)
    if found.count and accepted is None:
        raise SensoError(f"{counted(found.count, 'difference')} between the ledger and the work")
    if found.count:
        tell_accepted(len(found.differences), found.count)


def tell_accepted(accepted: int, count: int) -> None:
    """Raises SensoError if there are more than one command accepts."""
    err.print(f"Accepted: {counted(accepted, 'difference')} will not be told again.")
    if count > accepted:
        raise SensoError(f"{counted(count - accepted, 'difference')} more: say it again to see and accept the next")


def report(found: Reconciled) -> dict[str, object]:
    told = [told_of(one) | {"do": ACTIONS[one.kind]} for one in found.differences]
    return record(found) | {"differences": told}


def show(found: Reconciled) -> None:
    seen = found.looked_at
    since = f"since {moment(found.since)}" if found.since else "everything"
    out.print(
        f"Looked at {since}: {counted(seen.batches, 'batch', 'batches')}, {counted(seen.done, 'answer')} read, "
        f"{counted(seen.charges, 'charge')}, {counted(seen.holds, 'hold')}, {counted(seen.releases, 'release')}, "
        "every balance.",
        soft_wrap=True,
    )
    if not found.count:
        out.print("[green]No difference.[/]")
    for line in lines(found):
        out.print(line, soft_wrap=True)
    if found.count > len(found.differences):
        err.print(f"The first {len(found.differences)} of {counted(found.count, 'difference')}.")


def lines(found: Reconciled) -> Iterator[str]:
    """By partner, then by kind, each kind with what to do about it."""
    ordered = sorted(found.differences, key=lambda one: (str(one.partner_id), one.kind))
    for partner, of_partner in groupby(ordered, key=lambda one: one.partner_id):
        yield f"[bold]partner {partner or '(none)'}[/]"
        for kind, of_kind in groupby(of_partner, key=lambda one: one.kind):
            yield from (line(one) for one in of_kind)
            yield f"    what to do: {escape(pasteable(ACTIONS[kind]))}"


def line(one: Difference) -> str:
    expected, there = amounts(one).values()
    return f"  [red]{one.kind}[/]: {escape(said(one))} (expected {expected:+}, found {there:+})"
