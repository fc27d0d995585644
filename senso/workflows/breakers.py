"""What breakers did is read from Redis and written down: a row, the audit, the log."""

from dataclasses import asdict
from typing import Any

from senso.db import transaction
from senso.errors import SensoError
from senso.limits import events
from senso.limits.events import BreakerEvent
from senso.log import logger
from senso.queries import breaker_events
from senso.queries.triggers import audit
from senso.states import Action, BreakerChange

log = logger(__name__)


def record() -> int:
    """Returns how many were new. What Redis does not say now it says another time."""
    try:
        found = events.waiting()
        if not found:
            return 0
        new = save(found)
        events.forget(found)
    except SensoError as error:
        log.warning("what breakers did is not known yet", error=str(error))
        return 0
    for one in new:
        tell(one)
    return len(new)


def save(found: list[BreakerEvent]) -> list[BreakerEvent]:
    with transaction() as db:
        added = breaker_events.add(db, [row(one) for one in found])
        new = [one for one in found if one.transition in added]
        for one in new:
            audit(db, Action.BREAKER, "senso", subject=f"model:{one.provider}/{one.model}", **details(one))
    return new


def row(one: BreakerEvent) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if name != "raw"}


def details(one: BreakerEvent) -> dict[str, Any]:
    names = ("event", "calls", "failures", "error", "open_seconds")
    return {name: getattr(one, name) for name in names}


def tell(one: BreakerEvent) -> None:
    say = log.warning if one.event == BreakerChange.OPENED else log.info
    said = details(one)
    say(f"breaker {said.pop('event')}", provider=one.provider, model=one.model, **said)
