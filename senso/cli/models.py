"""`models`: what can be asked, and what is missing for it."""

from dataclasses import dataclass
from typing import Any

from rich.markup import escape

from senso.cli.printing import out, print_json, table
from senso.db import looking
from senso.errors import ConfigError
from senso.prices import PRICES
from senso.providers.brightdata import data_set_of
from senso.queries import inspection
from senso.queries.inspection import Model
from senso.records import record
from senso.settings import settings
from senso.tasks.reach import PROVIDERS

NARROW = 90
COLUMNS = ["model", "provider", "its name there", "surface", "reachable", "key", "price"]


@dataclass(frozen=True, slots=True)
class Askable(Model):
    """`reachable`: in this version, with a key or without. `key_variable`: where the key is looked for."""

    reachable: bool
    key_variable: str
    key_set: bool
    price_known: bool


def models(*, as_json: bool) -> None:
    with looking() as db:
        found = [Askable(**record(one), **ability(one.provider, one.name)) for one in inspection.models(db)]
    if as_json:
        print_json(found)
        return
    if out.width < NARROW:
        for one in found:
            name, by, called, surface, reached, key, price = cells(one)
            out.print(f"[bold]{name}[/]  {surface}, {by} ({called})\n  reachable {reached}, key {key}, price {price}")
    else:
        out.print(table(None, COLUMNS, [cells(one) for one in found]))
    missing = sorted({one.key_variable for one in found if one.reachable and not one.key_set})
    if missing:
        out.print(f"Not set: {', '.join(missing)}. Put them into the environment or into .env.")


def ability(provider: str, name: str) -> dict[str, Any]:
    variable = f"{provider}_api_key"
    return {
        "reachable": reachable(provider, name),
        "key_variable": variable.upper(),
        "key_set": getattr(settings(), variable, None) is not None,
        "price_known": (provider, name) in PRICES,
    }


def reachable(provider: str, name: str) -> bool:
    """In this version: through a provider that it has, and at BrightData with a data set that it has."""
    if provider not in PROVIDERS:
        return False
    try:
        return provider != "brightdata" or bool(data_set_of(name))
    except ConfigError:
        return False


def cells(one: Askable) -> list[str]:
    yes = {True: "yes", False: "no"}
    plain = [escape(name) for name in (one.slug, one.provider, one.name, one.surface)]
    price = "known" if one.price_known else "unknown"
    return [*plain, yes[one.reachable], "set" if one.key_set else "-", price]
