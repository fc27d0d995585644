"""How each model stands with its limits: for `senso providers`."""

from dataclasses import dataclass
from datetime import datetime

from senso.cli.printing import moment
from senso.db import looking
from senso.errors import SensoError
from senso.limits import standings
from senso.limits.standings import Standing
from senso.reads import model_limits
from senso.reads.model_limits import ModelLimits
from senso.settings import settings
from senso.states import BreakerState

COLUMNS = ["model", "requests a minute", "tokens a minute", "at a time", "breaker", "waits", "last error"]
NUMBERS = ("requests a minute", "tokens a minute", "at a time", "waits")


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


def found() -> tuple[list[ModelStanding], str | None]:
    """And why Redis does not say how they stand."""
    known: list[Standing] = []
    trouble = None
    try:
        known = standings.standings()
    except SensoError as error:
        trouble = str(error)
    said = [*settings().readers, settings().names_model]
    with looking() as db:
        limits = model_limits.limits(db, said, [f"{one.provider}/{one.model}" for one in known])
    by_name = {(one.provider, one.model): one for one in known}
    return [standing(one, by_name.get((one.provider, one.model))) for one in limits], trouble


def standing(limits: ModelLimits, one: Standing | None) -> ModelStanding:
    own = {name: getattr(limits, name) for name in ModelLimits.__slots__}
    seen = {} if one is None else {name: getattr(one, name) for name in Standing.__slots__ if name not in own}
    return ModelStanding(**own, **seen)


def cells(one: ModelStanding) -> list[str]:
    at_a_time = one.in_flight_limit if one.max_in_flight and one.in_flight_limit else one.max_in_flight
    waited = f"{one.waits} ({one.waited_ms / 1000 / one.waits:.0f} s each)" if one.waits else "-"
    failed = f"{one.last_error} {moment(one.last_error_at)}" if one.last_error else "-"
    used = (of(one.requests_used, one.rpm), of(one.tokens_used, one.tpm), of(one.in_flight, at_a_time))
    return [f"{one.provider} {one.model}", *used, breaker(one), waited, failed]


def of(used: int, limit: int | None) -> str:
    return f"{used} of {limit}" if limit else str(used) if used else "-"


def breaker(one: ModelStanding) -> str:
    if one.not_before and one.breaker == BreakerState.CLOSED:
        return f"left alone until {moment(one.not_before)}"
    if one.open_until:
        return f"open until {moment(one.open_until)}"
    return "one call tries" if one.breaker == BreakerState.PROBING else one.breaker or "-"
