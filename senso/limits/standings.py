"""How models stand with their limits, as Redis knows it now: for people and for metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis.exceptions import RedisError

from senso import redis_access
from senso.limits import redis_scripts, script
from senso.states import BreakerState


@dataclass(frozen=True, slots=True)
class Standing:
    """`requests_used`, `tokens_used`: of the last 60 s. `in_flight_limit`: at present; None: there is none.

    `not_before`: the moment until which the vendor asked to be left alone. `breaker`: closed, open or probing.
    `waits`, `waited_ms`: how often calls had to wait, and for how long in all, since Redis has known the model.
    """

    provider: str
    model: str
    requests_used: int
    tokens_used: int
    in_flight: int
    in_flight_limit: int | None
    not_before: datetime | None
    breaker: str
    open_until: datetime | None
    open_seconds: int
    waits: int
    waited_ms: int
    last_error: str | None
    last_error_at: datetime | None


def standings(models: Iterable[tuple[str, str]] = ()) -> list[Standing]:
    """Of these (provider, the provider's name) and of all that Redis knows; one that it does not know is left out.

    Raises ConfigError and Unreachable.
    """
    try:
        known = {tuple(str(name).partition("/")[::2]) for name in members()}
        found = [standing(*one) for one in sorted({*models, *cast("set[tuple[str, str]]", known)})]
    except RedisError as error:
        raise redis_access.trouble(error, redis_access.address()).error from None
    return [one for one in found if one is not None]


def members() -> set[Any]:
    found = cast("set[Any]", redis_scripts.client().smembers(script.MODELS))
    return {one.decode() if isinstance(one, bytes) else one for one in found}


def standing(provider: str, model: str) -> Standing | None:
    found = script.run({"look": True, "provider": provider, "model": model, "owner": ""})
    return None if found is None else of_reply(provider, model, found)


def of_reply(provider: str, model: str, found: dict[str, Any]) -> Standing:
    now = datetime.now(UTC)

    def moment(milliseconds: float | None, sign: int = 1) -> datetime | None:
        return None if milliseconds is None else now + timedelta(milliseconds=sign * milliseconds)

    is_open = found["state"] == BreakerState.OPEN
    return Standing(
        provider=provider,
        model=model,
        requests_used=found["requests"],
        tokens_used=found["tokens"],
        in_flight=found["flying"],
        in_flight_limit=int(found["ceiling"]) if found.get("ceiling") else None,
        not_before=moment(found.get("not_before")),
        breaker=found["state"],
        open_until=moment(found.get("until_ms")) if is_open else None,
        open_seconds=round(found["open_for"]) if found["state"] != BreakerState.CLOSED else 0,
        waits=found["waits"],
        waited_ms=round(found["waited"]),
        last_error=found.get("error"),
        last_error_at=moment(found.get("error_ago"), -1),
    )


__all__ = ["Standing", "standings"]
