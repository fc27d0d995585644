"""What is known of a model: its provider, its name there, the parameters it accepts, its price."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from senso.db import Link
from senso.db.statement import Prepared
from senso.prices import Price, price_of
from senso.providers import UNKNOWN, Parameters


@dataclass(frozen=True, slots=True)
class Model:
    """`name`: the provider's own; `said`: the name in the settings."""

    said: str
    provider: str
    name: str
    parameters: Parameters = UNKNOWN
    price: Price | None = None
    source: str | None = None  # of its price


# A slug is preferred to a name; of models with the same name, one whose provider is in :providers is preferred.
FIND = Prepared("""
    SELECT provider, name, parameters, prices FROM models WHERE slug = :said OR name = :said
    ORDER BY slug = :said DESC, provider = ANY(CAST(:providers AS text[])) DESC, slug LIMIT 1
""")


def find(db: Link, said: str, providers: Sequence[str]) -> Model | None:
    """By slug or by name. `providers`: preferred if several providers have a model of that name."""
    found = FIND.one(db, {"said": said, "providers": list(providers)})
    if found is None:
        return None
    parameters, prices = parameters_of(found["parameters"]), found["prices"]
    return Model(said, found["provider"], found["name"], parameters, price_of(prices), source_of(prices))


def parameters_of(stored: Mapping[str, Any] | None) -> Parameters:
    """As stored; a missing parameter is unknown."""
    known = stored or {}
    return Parameters(
        temperature=known.get("temperature"),
        reasoning_effort=tuple(known.get("reasoning_effort") or ()),
        max_output_tokens=known.get("max_output_tokens"),
    )


# `stored` is text: thousands of claims return the same few models, and the cache parses each only once.
@lru_cache(maxsize=256)
def parameters_in(stored: str | None) -> Parameters:
    return parameters_of(json.loads(stored) if stored else None)


@lru_cache(maxsize=256)
def price_in(stored: str | None) -> Price | None:
    return price_of(json.loads(stored)) if stored else None


def source_of(stored: Mapping[str, Any] | None) -> str | None:
    """Where a property comes from and when that was read, as text."""
    return f"{stored['source']}, read {stored['read_on']}" if stored else None
