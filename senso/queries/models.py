"""What is known of a model: its provider, its name there, the parameters it accepts, its price."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from senso.db import Link
from senso.db.statement import Prepared
from senso.prices import Price, price_of
from senso.providers import NO_LIMITS, UNKNOWN, Limits, Parameters


@dataclass(frozen=True, slots=True)
class Model:
    """`name`: the provider's own; `said`: the name in the settings."""

    said: str
    provider: str
    name: str
    parameters: Parameters = UNKNOWN
    price: Price | None = None
    source: str | None = None  # of its price
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Reader:
    """One of the tries to read an answer, in their order. `max_tokens`: the room for its output."""

    model: Model
    max_tokens: int


def by_reader(readers: Sequence[Reader]) -> dict[str, Any]:
    """Values of a statement with BY_READER (senso.queries.stopped): by the place of a row's reader."""
    names = {"providers": [one.model.provider for one in readers], "models": [one.model.name for one in readers]}
    return names | {"last_reader": len(readers) - 1}


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model that a batch asks. `retired_on`: the last day on which its provider offers it, if that is known."""

    slug: str
    provider: str
    name: str
    retired_on: date | None

    @classmethod
    def stored(cls, one: Mapping[str, Any]) -> "AskedModel":
        """From an object of ASKED."""
        day = one["retired_on"]
        return cls(one["slug"], one["provider"], one["name"], date.fromisoformat(day) if day else None)


# A JSON object for the row `m` of models.
ASKED = """jsonb_build_object('slug', m.slug, 'provider', m.provider, 'name', m.name,
    'retired_on', m.retirement->>'on')"""

# A slug is preferred to a name; of models with the same name, one whose provider is in :providers is preferred.
FIND = Prepared("""
    SELECT provider, name, parameters, prices, rpm, tpm, max_in_flight FROM models WHERE slug = :said OR name = :said
    ORDER BY slug = :said DESC, provider = ANY(CAST(:providers AS text[])) DESC, slug LIMIT 1
""")


def find(db: Link, said: str, providers: Sequence[str]) -> Model | None:
    """By slug or by name. `providers`: preferred if several providers have a model of that name."""
    found = FIND.one(db, {"said": said, "providers": list(providers)})
    if found is None:
        return None
    parameters, prices = parameters_of(found["parameters"]), found["prices"]
    limits = Limits(found["rpm"], found["tpm"], found["max_in_flight"])
    return Model(said, found["provider"], found["name"], parameters, price_of(prices), source_of(prices), limits)


IN_USE = Prepared(f"""
    SELECT {ASKED} AS model FROM models m WHERE EXISTS (
        SELECT FROM org_models om JOIN orgs o ON o.id = om.org_id WHERE om.model_id = m.id AND o.active
    ) ORDER BY m.slug
""")
SAID = Prepared(f"""
    SELECT {ASKED} AS model FROM models m WHERE m.slug = :said OR m.name = :said
    ORDER BY m.slug = :said DESC, m.provider = ANY(CAST(:providers AS text[])) DESC, m.slug LIMIT 1
""")


def in_use(db: Link) -> list[AskedModel]:
    """The models of all active orgs."""
    return [AskedModel.stored(one["model"]) for one in IN_USE.rows(db, {})]


def asked(db: Link, said: str, providers: Sequence[str]) -> AskedModel | None:
    """As `find`."""
    found = SAID.one(db, {"said": said, "providers": list(providers)})
    return AskedModel.stored(found["model"]) if found else None


def named(db: Link, said: str, providers: Sequence[str]) -> AskedModel:
    """As `asked`; a model without a row is requested under that name from the first of `providers`."""
    return asked(db, said, providers) or AskedModel(said, providers[0], said, None)


def parameters_of(stored: Mapping[str, Any] | None) -> Parameters:
    """As stored; a missing parameter is unknown."""
    known = stored or {}
    return Parameters(
        temperature=known.get("temperature"),
        reasoning_effort=tuple(known.get("reasoning_effort") or ()),
        max_output_tokens=known.get("max_output_tokens"),
        forced_tool=known.get("forced_tool"),
        thinks=known.get("thinks"),
        search_tool=known.get("search_tool"),
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
