"""`models`: what can be asked, and what is missing for it."""

from typing import Any

from rich.markup import escape

from senso.cli.printing import out, print_json, table
from senso.db import transaction
from senso.prices import PRICES
from senso.queries import inspection
from senso.registry import PROVIDERS
from senso.settings import settings

NARROW = 90
COLUMNS = ["model", "provider", "its name there", "surface", "reachable", "key", "price"]


def models(*, as_json: bool) -> None:
    with transaction() as db:
        found = [one | ability(one["provider"], one["name"]) for one in inspection.models(db)]
    if as_json:
        print_json(found)
        return
    if out.width < NARROW:
        for one in found:
            name, by, called, surface, reached, key, price = cells(one)
            out.print(f"[bold]{name}[/]  {surface}, {by} ({called})\n  reachable {reached}, key {key}, price {price}")
    else:
        out.print(table(None, COLUMNS, [cells(one) for one in found]))
    missing = sorted({one["key_variable"] for one in found if one["reachable"] and not one["key_set"]})
    if missing:
        out.print(f"Not set: {', '.join(missing)}. Put them into the environment or into .env.")


def ability(provider: str, name: str) -> dict[str, Any]:
    entry = PROVIDERS.get(provider)
    variable = entry.key if entry else f"{provider}_api_key"
    return {
        "reachable": entry is not None and entry.reaches(name),
        "key_variable": variable.upper(),
        "key_set": getattr(settings(), variable, None) is not None,
        "price_known": (provider, name) in PRICES,
    }


def cells(one: dict[str, Any]) -> list[str]:
    yes = {True: "yes", False: "no"}
    plain = [escape(one[name]) for name in ("slug", "provider", "name", "surface")]
    price = "known" if one["price_known"] else "unknown"
    return [*plain, yes[one["reachable"]], "set" if one["key_set"] else "-", price]
