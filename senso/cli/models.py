"""`models`: which models can be asked, and what is missing to ask them."""

from collections.abc import Sequence

from rich.markup import escape

from senso.cli.printing import dollars, out, print_json, table
from senso.cli.terms import is_set
from senso.db import looking
from senso.reads.inspection import Model
from senso.workflows.askable_models import Askable, askable

NARROW = 90
COLUMNS = ["model", "provider", "its name there", "surface", "supported", "key", "a question"]


def models(*, as_json: bool) -> None:
    with looking() as db:
        found = askable(db, is_set)
    if as_json:
        print_json(found)
        return
    if out.width < NARROW:
        for one in found:
            name, by, called, surface, reached, key, costs = cells(one)
            out.print(
                f"[bold]{name}[/]  {surface}, {by} ({called})\n  supported {reached}, key {key}, a question {costs}"
            )
    else:
        out.print(table(None, COLUMNS, [cells(one) for one in found]))
    for line in retirements(found):
        out.print(line)
    missing = sorted({one.key_variable for one in found if one.supported and not one.key_set})
    if missing:
        out.print(f"Not set: {', '.join(missing)}. Put them into the environment or into .env.")


def retirements(found: Sequence[Model]) -> list[str]:
    """A line for each day on which a provider retires models, the next day first."""
    days: dict[str, list[str]] = {}
    for one in found:
        if one.retirement:
            days.setdefault(one.retirement["on"], []).append(escape(one.slug))
    return [f"Retired by their provider on {day}: {', '.join(days[day])}." for day in sorted(days)]


def cells(one: Askable) -> list[str]:
    yes = {True: "yes", False: "no"}
    plain = [escape(name) for name in (one.slug, one.provider, one.name, one.surface)]
    return [*plain, yes[one.supported], "set" if one.key_set else "-", dollars(one.question_microusd)]
