"""The models that read answers and find names: their rows, read once a process and again after a while."""

import time

from senso import supplied
from senso.db import Link
from senso.queries import models
from senso.queries.models import Model
from senso.registry import COMPLETION_PROVIDERS

# For so long a price or a parameter that an import has changed is not used yet.
CACHE_SECONDS = 60
# How the settings name one: its row, and until when (monotonic) it is taken as read.
cached: dict[str, tuple[Model, float]] = {}


def reading(db: Link) -> Model:
    """Whoever reads answers."""
    return model(db, supplied.reading_model())


def naming(db: Link) -> Model:
    """Whoever finds what an org may be called."""
    return model(db, supplied.names_model())


def model(db: Link, said: str) -> Model:
    found, until = cached.get(said, (None, 0.0))
    if found is None or time.monotonic() >= until:
        found = models.find(db, said, COMPLETION_PROVIDERS) or unlisted(said)
        cached[said] = found, time.monotonic() + CACHE_SECONDS
    return found


def unlisted(said: str) -> Model:
    """One without a row, such as one that was trained for its owner: asked for as it is named, at a price unknown."""
    return Model(said, COMPLETION_PROVIDERS[0], said)
