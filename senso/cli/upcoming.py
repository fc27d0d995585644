"""The scheduled runs, for users who start the stack or import orgs: when they start, and what they may cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from senso.cli.printing import out
from senso.quantities import counted

if TYPE_CHECKING:
    from senso.workflows.upcoming import Load, Week

HOW_ESTIMATED = "  (senso trigger org ID --dry-run shows how the cost is estimated)"
HOW_NOT = "To keep an org from it: active: false in its import file; all of them: take `due orgs` out of {timetable}."


def tell(week: "Week", timetable: Path) -> None:
    for line in lines(week):
        out.print(line)
    if week.due or week.next:
        out.suggest(HOW_ESTIMATED)
        out.print(HOW_NOT.format(timetable=timetable), soft_wrap=True)


def lines(week: "Week") -> Iterator[str]:
    if not week.orgs:
        yield "No org runs by itself: there is none that is active and has something to ask."
    elif week.hour is None:
        yield f"{counted(week.orgs, 'active org')}; none runs by itself, since the timetable says nothing of it."
    else:
        runs = "runs by itself" if week.orgs == 1 else "run by themselves"
        yield f"{counted(week.orgs, 'active org')} {runs} once a week, on the weekday of created_at:"
        if week.due:
            yield f"  due now: {said(week.due)}"
        if week.next and week.next_at:
            yield f"  next: {week.next_at:%a %Y-%m-%d %H:%M} UTC, {said(week.next)}"


def said(load: "Load") -> str:
    cost = f"about ${load.cost_microusd / 1_000_000:.2f}"
    unknown = f" and {counted(load.unknown, 'call')} of unknown price" if load.unknown else ""
    return f"{counted(load.orgs, 'org')}, about {counted(load.runs, 'run')}, {cost}{unknown}"
