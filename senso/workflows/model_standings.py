"""How each model stands with its limits: what they are, by Postgres, and how much of them is used, by Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from senso.db import Connection
from senso.errors import SensoError
from senso.limits import standings
from senso.limits.standings import Standing
from senso.reads import model_limits
from senso.reads.model_limits import ModelLimits


@dataclass(frozen=True, slots=True)
class ModelStanding(ModelLimits):
    """What has not been asked yet, or while Redis is away, has no use. See `limits.standings.Standing`."""

    requests_used: int = 0
    tokens_used: int = 0
    in_flight: int = 0
    in_flight_limit: int | None = None
    not_before: datetime | None = None
    breaker: str | None = None
    open_until: datetime | None = None
    open_seconds: int = 0
    waits: int = 0
    waited_ms: int = 0
    last_error: str | None = None
    last_error_at: datetime | None = None


def known() -> tuple[list[Standing], str | None]:
    """What Redis knows of models, and why it says nothing."""
    try:
        return standings.standings(), None
    except SensoError as error:
        return [], str(error)


def of_all(db: Connection, said: Sequence[str], known: Sequence[Standing]) -> list[ModelStanding]:
    """`said`: names of models in the settings; `known`: see there."""
    limits = model_limits.limits(db, said, [f"{one.provider}/{one.model}" for one in known])
    by_name = {(one.provider, one.model): one for one in known}
    return [standing(one, by_name.get((one.provider, one.model))) for one in limits]


def standing(limits: ModelLimits, one: Standing | None) -> ModelStanding:
    own = {name: getattr(limits, name) for name in ModelLimits.__slots__}
    seen = {} if one is None else {name: getattr(one, name) for name in Standing.__slots__ if name not in own}
    return ModelStanding(**own, **seen)
