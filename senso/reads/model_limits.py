"""Which limits the models have that are in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from senso.db.typed import each


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Of a model at its provider, whatever slugs it has."""

    provider: str
    model: str
    rpm: int | None
    tpm: int | None
    max_in_flight: int | None


# Models that an org or a network asks, that the settings name, or that Redis knows.
LIMITS = text("""
    SELECT provider, name AS model, min(rpm) AS rpm, min(tpm) AS tpm, min(max_in_flight) AS max_in_flight
    FROM models m
    WHERE EXISTS (SELECT FROM org_models o WHERE o.model_id = m.id)
        OR EXISTS (SELECT FROM network_models n WHERE n.model_id = m.id)
        OR slug = ANY(CAST(:said AS text[])) OR name = ANY(CAST(:said AS text[]))
        OR provider || '/' || name = ANY(CAST(:known AS text[]))
    GROUP BY provider, name ORDER BY provider, name
""")


def limits(db: Connection, said: Sequence[str], known: Sequence[str]) -> list[ModelLimits]:
    """`said`: names of models in the settings; `known`: provider and model, joined by a stroke, that Redis knows."""
    return each(ModelLimits, db.execute(LIMITS, {"said": list(said), "known": list(known)}))
