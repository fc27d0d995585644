"""What is stopped now: pauses, ceilings that are reached; and whether a ceiling counts all calls."""

from senso.checks import Finding
from senso.db import transaction
from senso.errors import SensoError
from senso.queries import ceilings, stops
from senso.queries.stops import Stop
from senso.settings import Settings

NAME = "Stops"


def findings(read: Settings) -> list[Finding]:
    try:
        with transaction() as db:
            found = stops.in_force(db)
            has_ceiling = read.max_daily_microusd is not None or ceilings.any_of_partners(db)
            unpriced = ceilings.unpriced(db, [*read.readers, read.names_model]) if has_ceiling else []
    except SensoError:
        return []  # the checks of Postgres report its state
    told = [stopped(one) for one in found] or [Finding(NAME, "ok", "nothing is paused, and no ceiling is reached")]
    return [*told, *([uncounted(unpriced)] if unpriced else [])]


def stopped(one: Stop) -> Finding:
    again = "" if one.subject is None else f" {one.scope}:{one.subject}"
    do = f"go on: senso resume{again}" if one.by else "docs/runbook.md says how to raise it"
    return Finding(NAME, "warning", one.said, "no call begins for it, and what waits is kept", do)


def uncounted(slugs: list[str]) -> Finding:
    said = f"without a price: {', '.join(slugs)}"
    return Finding("Ceiling of cost", "warning", said, "their calls count nothing", "give it in the import file")
