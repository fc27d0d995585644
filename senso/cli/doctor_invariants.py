"""`doctor --invariants`: checks the invariants I1-I8 on every row and every queue, also while work goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape

from senso.checks import messages
from senso.checks import promises as held
from senso.checks.messages import Found
from senso.cli.environment import connected
from senso.cli.printing import out, print_json
from senso.cli.program import pasteable
from senso.errors import SensoError
from senso.queries.invariants import MOST_ROWS, Promise
from senso.queries.invariants.calls import VENDOR_LISTS
from senso.settings import settings
from senso.worker.queues import ALL_QUEUES, VISIBILITY_SECONDS

SHOWN = 5
NONE: Mapping[str, object] = {}
ONLINE = (VENDOR_LISTS,)


def promises(*, since: datetime | None, online: bool, as_json: bool) -> None:
    """Raises SensoError naming what is broken. If nothing is, raises the error of Redis or of an unreachable vendor."""
    unknown: dict[str, SensoError] = {}
    with connected():
        broken = held.in_rows(settings().max_running_batches, since)
        for checks, look in looks(since, online=online):
            try:
                broken |= look()
            except SensoError as away:
                unknown |= dict.fromkeys((check.name for check in checks), away)
    asked = [*held.CHECKS, *(ONLINE if online else ())]
    if as_json:
        print_json(report(broken, asked, unknown))
    else:
        print_promises(broken, asked, unknown)
    if broken:
        raise SensoError(f"broken: {', '.join(broken)}; the lines above say what each means and what to do")
    for error in unknown.values():
        raise error


def looks(since: datetime | None, *, online: bool) -> Iterator[tuple[Sequence[Promise], Callable[[], Found]]]:
    """The checks of Redis and of vendors, which may be unreachable while Postgres answers."""
    yield messages.CHECKS, lambda: held.in_messages(ALL_QUEUES, VISIBILITY_SECONDS)
    if online:
        yield ONLINE, lambda: at_vendors(since)


def at_vendors(since: datetime | None) -> Found:
    from senso.workflows.vendor_jobs import auditing  # noqa: PLC0415  providers take long to import

    found = auditing.jobs_without_row(since)[:MOST_ROWS]
    return {VENDOR_LISTS.name: found} if found else {}


def report(broken: Found, asked: Sequence[Promise], unknown: Mapping[str, object] = NONE) -> dict[str, Any]:
    """Whether each invariant holds; for each broken one, its rows, what it means and what to do."""
    states = {check.name: state(check, broken, unknown) for check in asked}
    said = {
        check.name: {"means": check.means, "do": check.action, "rows": broken[check.name]}
        for check in asked
        if check.name in broken
    }
    return states | {"broken": broken, "explained": said}


def state(check: Promise, broken: Found, unknown: Mapping[str, object]) -> str:
    return "broken" if check.name in broken else "not known" if check.name in unknown else "holds"


def print_promises(broken: Found, asked: Sequence[Promise], unknown: Mapping[str, object]) -> None:
    for check in asked:
        if check.name in unknown:
            out.print(f"[yellow]not known[/] {escape(check.name)}")
        elif check.name not in broken:
            out.print(f"[green]holds[/]   {escape(check.name)}")
    for check in asked:
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
