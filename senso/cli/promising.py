"""`doctor --invariants`: the promises I1-I8, held against every row and every queue, also while work goes on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape

from senso.checks import messages
from senso.checks.messages import Found
from senso.cli.printing import out, print_json
from senso.cli.program import pasteable
from senso.cli.surroundings import connected
from senso.errors import SensoError
from senso.queries.invariants import MOST_ROWS, Promise
from senso.tasks import promises as held

SHOWN = 5


def promises(*, since: datetime | None, as_json: bool) -> None:
    """Raises SensoError naming what is broken; what Redis would have told, and did not, only where nothing is."""
    with connected():
        broken, away = held.in_rows(since), None
        try:
            broken |= held.in_messages()
        except SensoError as error:
            away = error
    unknown = [check.name for check in messages.CHECKS] if away else []
    if as_json:
        print_json(report(broken, unknown))
    else:
        print_promises(broken, unknown)
    if broken:
        raise SensoError(f"broken: {', '.join(broken)}; the lines above say what each means and what to do")
    if away:
        raise away


def report(broken: Found, unknown: Sequence[str] = ()) -> dict[str, Any]:
    """By promise whether it holds; and of each that does not, its rows, what it means and what to do."""
    states = {check.name: state(check, broken, unknown) for check in held.CHECKS}
    said = {
        check.name: {"means": check.means, "do": check.action, "rows": broken[check.name]}
        for check in held.CHECKS
        if check.name in broken
    }
    return states | {"broken": broken, "explained": said}


def state(check: Promise, broken: Mapping[str, Any], unknown: Sequence[str]) -> str:
    return "broken" if check.name in broken else "not known" if check.name in unknown else "holds"


def print_promises(broken: Found, unknown: Sequence[str]) -> None:
    for check in held.CHECKS:
        if check.name in unknown:
            out.print(f"[yellow]not known[/] {escape(check.name)}: Redis does not tell")
        elif check.name not in broken:
            out.print(f"[green]holds[/]   {escape(check.name)}")
    for check in held.CHECKS:
        if check.name in broken:
            print_broken(check, broken[check.name])


def print_broken(check: Promise, found: Sequence[Mapping[str, Any]]) -> None:
    out.print(f"[bold red]broken[/]  {escape(check.name)}")
    out.print(f"        what it means: {escape(check.means)}")
    out.print(f"        what to do: {escape(pasteable(check.action))}")
    for row in found[:SHOWN]:
        said = ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
        out.print(f"        {escape(said)}")
    if len(found) > SHOWN:
        out.print(f"        and {len(found) - SHOWN} more, or still more: --json prints up to {MOST_ROWS}")
