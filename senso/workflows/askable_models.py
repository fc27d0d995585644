"""Which models can be asked, and what is missing to ask them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from senso.db import Connection
from senso.prices import assumed_usage, cost_microusd, price_of
from senso.reads import inspection
from senso.reads.inspection import Model
from senso.records import record
from senso.registry import JOB_PROVIDERS, PROVIDERS
from senso.states import Purpose


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


def askable(db: Connection, is_set: Callable[[str], bool]) -> list[Askable]:
    """`is_set`: whether the setting of that name, in small letters, has a value."""
    return [Askable(**record(one), **ability(one, is_set)) for one in inspection.models(db)]


def ability(one: Model, is_set: Callable[[str], bool]) -> dict[str, Any]:
    entry = PROVIDERS.get(one.provider)
    variable = entry.key if entry else f"{one.provider}_api_key"
    return {
        "supported": entry is not None and entry.reaches(one.name),
        "key_variable": variable.upper(),
        "key_set": is_set(variable),
        "price_known": one.prices is not None,
        "question_microusd": cost_microusd(
            price_of(one.prices),
            assumed_usage(Purpose.ASK, price_of(one.prices), by_job=one.provider in JOB_PROVIDERS),
        ),
    }
