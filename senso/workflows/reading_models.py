"""The models that read answers and find names: their rows, cached in each process."""

import time
from collections.abc import Sequence

from senso import supplied
from senso.db import Link
from senso.errors import ConfigError
from senso.providers import MORE_TOKENS, READING_TOKENS
from senso.queries import models
from senso.queries.models import AskedModel, Model, Reader
from senso.registry import COMPLETION_PROVIDERS, FILE_PROVIDERS
from senso.states import ReadingMode

# For up to this long, a price or parameter that an import has changed is not used yet.
CACHE_SECONDS = 60
# By the model's name in the settings: its row, and when (monotonic) it is read again.
cached: dict[str, tuple[Model, float]] = {}


def readers(db: Link) -> list[Reader]:
    """The tries to read an answer, in their order: each model with the usual room for its output, then with more."""
    models = [model(db, said) for said in supplied.reading_models()]
    return [Reader(one, room) for one in models for room in (READING_TOKENS, MORE_TOKENS)]


def readers_if_right(db: Link) -> list[Reader]:
    """None where the setting is wrong: a claim will say so."""
    try:
        return readers(db)
    except ConfigError:
        return []


def in_batches(found: Sequence[Reader]) -> int | None:
    """The place of the first try whose provider completes files of prompts; None: there is none."""
    return next((place for place, one in enumerate(found) if one.model.provider in FILE_PROVIDERS), None)


def require_mode(db: Link) -> None:
    """Raises ConfigError where answers are to be read in batches, and no reading model can."""
    if supplied.reading_mode() is not ReadingMode.BATCH:
        return
    found = readers(db)
    place = in_batches(found)
    if place is None or models.find(db, found[place].model.said, COMPLETION_PROVIDERS) is None:
        able = ", ".join(FILE_PROVIDERS)
        raise ConfigError(
            f"READING_MODE is batch, and none of READING_MODELS can: name a model of {able} that senso models lists, "
            "or set direct"
        )


def named(db: Link) -> list[tuple[str, AskedModel]]:
    """The models that the settings name for reading and for names, each with its setting."""
    said = [*(("READING_MODELS", one) for one in supplied.reading_models()), ("NAMES_MODEL", supplied.names_model())]
    return [(setting, models.named(db, one, COMPLETION_PROVIDERS)) for setting, one in said]


def naming(db: Link) -> Model:
    """The model that finds the names of an org."""
    return model(db, supplied.names_model())


def model(db: Link, said: str) -> Model:
    found, until = cached.get(said, (None, 0.0))
    if found is None or time.monotonic() >= until:
        found = models.find(db, said, COMPLETION_PROVIDERS) or unlisted(said)
        cached[said] = found, time.monotonic() + CACHE_SECONDS
    return found


def unlisted(said: str) -> Model:
    """A model without a row, such as one trained for its owner: called by that name, with an unknown price."""
    return Model(said, COMPLETION_PROVIDERS[0], said)
