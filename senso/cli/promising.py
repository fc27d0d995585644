"""`doctor --invariants`: the promises I1-I8, held against every row, also while work goes on."""

from datetime import datetime
from typing import Any

from rich.markup import escape

from senso.cli.printing import out, print_json
from senso.cli.program import pasteable
from senso.cli.surroundings import connected
from senso.db import transaction
from senso.errors import SensoError
from senso.queries import invariants

SHOWN = 5


def promises(*, since: datetime | None, as_json: bool) -> None:
    """Raises SensoError naming what is broken."""
    with connected(), transaction() as db:
        invariants.stand_still(db)
        broken = invariants.broken(db, since)
    if as_json:
        print_json(report(broken))
    else:
        print_promises(broken)
    if broken:
        raise SensoError(f"broken: {', '.join(broken)}; the lines above say what each means and what to do")


def report(broken: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """By promise whether it holds; and of each that does not, its rows, what it means and what to do."""
    held = {check.name: "broken" if check.name in broken else "holds" for check in invariants.CHECKS}
    said = {
        check.name: {"means": check.means, "do": check.action, "rows": broken[check.name]}
        for check in invariants.CHECKS
        if check.name in broken
    }
    return held | {"broken": broken, "explained": said}


def print_promises(broken: dict[str, list[dict[str, Any]]]) -> None:
    for check in invariants.CHECKS:
        if check.name not in broken:
            out.print(f"[green]holds[/]   {escape(check.name)}")
    for check in invariants.CHECKS:
        if check.name in broken:
            print_broken(check, broken[check.name])


def print_broken(check: invariants.Check, found: list[dict[str, Any]]) -> None:
    out.print(f"[bold red]broken[/]  {escape(check.name)}")
    out.print(f"        what it means: {escape(check.means)}")
    out.print(f"        what to do: {escape(pasteable(check.action))}")
    for row in found[:SHOWN]:
        said = ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
        out.print(f"        {escape(said)}")
    if len(found) > SHOWN:
        out.print(f"        and {len(found) - SHOWN} more, or still more: --json prints up to {invariants.MOST_ROWS}")
