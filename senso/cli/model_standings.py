"""How each model stands with its limits: for `senso providers`."""

from senso.cli.printing import moment
from senso.db import looking
from senso.settings import settings
from senso.states import BreakerState
from senso.workflows import model_standings
from senso.workflows.model_standings import ModelStanding

COLUMNS = ["model", "requests a minute", "tokens a minute", "at a time", "breaker", "waits", "last error"]
NUMBERS = ("requests a minute", "tokens a minute", "at a time", "waits")


def found() -> tuple[list[ModelStanding], str | None]:
    """And why Redis does not say how they stand."""
    known, trouble = model_standings.known()
    with looking() as db:
        return model_standings.of_all(db, [*settings().readers, settings().names_model], known), trouble


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
