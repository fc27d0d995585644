"""`pause` and `resume`; and the stops in force, at the top of other commands."""

from collections.abc import Sequence

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.printing import err, out, print_json, printable
from senso.db import looking
from senso.quantities import counted
from senso.queries import stops
from senso.queries.stops import Scope, Stop
from senso.records import record


def pause(said: str | None, reason: str | None, *, as_json: bool) -> None:
    """Works without Redis: claims look at the row."""
    with connected():
        from senso.workflows import stopping  # noqa: PLC0415  providers take long to import, and most commands need none

        done = stopping.pause(said, actor(), reason)
    if as_json:
        print_json(record(done))
        return
    how = "is paused" if done.changed else "was paused already; nothing was changed"
    out.print(f"{title(done.subject)} {how}: no call begins, and calls under way end and are saved.", soft_wrap=True)
    err.suggest(f"Undo: senso resume{argument(done.subject)}")


def resume(said: str | None, *, as_json: bool) -> None:
    """Works without Redis: what it makes due is sent once that answers."""
    with connected():
        from senso.workflows import stopping  # noqa: PLC0415  providers take long to import, and most commands need none

        done = stopping.resume(said, actor())
    if as_json:
        print_json(record(done))
        return
    freed = counted(done.freed, "run, reading or job goes", "runs, readings and jobs go")
    how = f"goes on: {freed} on now" if done.changed else "was not paused; nothing was changed"
    out.print(f"{title(done.subject)} {how}.", soft_wrap=True)
    print_stops(done.in_force)


def title(one: Scope) -> str:
    said = escape(printable(one.said))
    return said[0].upper() + said[1:]


def argument(one: Scope) -> str:
    """With its kind, since a name may be that of a provider and of a model."""
    return "" if one.subject is None else f" {one.scope}:{one.subject}"


def print_stops(found: Sequence[Stop]) -> None:
    for one in found:
        out.print(f"[bold yellow]Stopped[/]: {escape(printable(one.said))}", soft_wrap=True)


def print_stops_in_force() -> None:
    with looking() as db:
        found = stops.in_force(db)
    print_stops(found)
    if any(one.by for one in found):
        err.suggest("Go on: senso resume")
