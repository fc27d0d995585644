"""`providers`: how models stand with their limits, what was asked each day, and how the calls ended."""

from rich.markup import escape

from senso.cli import model_standings
from senso.cli.pausing import print_stops_in_force
from senso.cli.printing import dollars, out, print_json, table
from senso.db import looking
from senso.reads import provider_calls
from senso.reads.provider_calls import ProviderDay

COLUMNS = ["day", "provider", "calls", "answered", "tried again", "failed, by how", "cost"]


def providers(days: int, *, as_json: bool) -> None:
    with looking() as db:
        found = provider_calls.days(db, days)
    if not as_json:
        print_stops_in_force()
    models, trouble = model_standings.found()
    if as_json:
        print_json({"models": models, "days": found})
        return
    if models:
        rows = list(map(model_standings.cells, models))
        out.print(table(None, model_standings.COLUMNS, rows, numbers=model_standings.NUMBERS))
    if trouble:
        out.print(f"How they stand is not known: {escape(trouble)}")
    if not found:
        out.suggest("No provider was called lately. Open a batch: senso trigger org <id>")
    else:
        out.print(table(None, COLUMNS, list(map(cells, found)), numbers=("calls", "answered", "tried again", "cost")))


def cells(one: ProviderDay) -> list[str]:
    cost = dollars(one.cost_microusd) + ("+" if one.unknown_cost else "")
    return [str(one.day), one.provider, str(one.calls), str(one.useful), str(one.tried_again), failures(one), cost]


def failures(one: ProviderDay) -> str:
    kinds = {
        "rate limited": one.rate_limited,
        "unavailable": one.unavailable,
        "refused": one.refused,
        "malformed": one.malformed,
        "failed": one.failed,
        "open": one.open,
    }
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count) or "-"
