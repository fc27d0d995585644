"""`models`: which models can be asked, and what is missing to ask them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape

from senso.cli.printing import dollars, out, print_json, table
from senso.db import looking
from senso.prices import assumed_usage, cost_microusd, price_of
from senso.reads import inspection
from senso.reads.inspection import Model
from senso.records import record
from senso.registry import JOB_PROVIDERS, PROVIDERS
from senso.settings import settings
from senso.states import Purpose

NARROW = 90
COLUMNS = ["model", "provider", "its name there", "surface", "supported", "key", "a question"]


@dataclass(frozen=True, slots=True)
class Askable(Model):
    """`supported`: this version can ask it, whether the key is set or not. `key_variable`: the setting for the key.

    `question_microusd`: what a question is assumed to cost without history, its reading not included.
    """

    supported: bool
    key_variable: str
    key_set: bool
    price_known: bool
    question_microusd: int | None


def models(*, as_json: bool) -> None:
    with looking() as db:
        found = [Askable(**record(one), **ability(one)) for one in inspection.models(db)]
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


def ability(one: Model) -> dict[str, Any]:
    entry = PROVIDERS.get(one.provider)
    variable = entry.key if entry else f"{one.provider}_api_key"
    return {
        "supported": entry is not None and entry.reaches(one.name),
        "key_variable": variable.upper(),
        "key_set": getattr(settings(), variable, None) is not None,
        "price_known": one.prices is not None,
        "question_microusd": cost_microusd(
            price_of(one.prices),
            assumed_usage(Purpose.ASK, price_of(one.prices), by_job=one.provider in JOB_PROVIDERS),
        ),
    }


def cells(one: Askable) -> list[str]:
    yes = {True: "yes", False: "no"}
    plain = [escape(name) for name in (one.slug, one.provider, one.name, one.surface)]
    return [*plain, yes[one.supported], "set" if one.key_set else "-", dollars(one.question_microusd)]
