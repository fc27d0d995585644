"""What breakers did: Redis keeps it in a list, until it stands in a row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from redis.exceptions import RedisError

from senso import redis_access
from senso.limits import redis_scripts, script

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """`event`: opened, probing or closed. `transition`: the same for the same event, however often it is read."""

    transition: str
    at: datetime
    provider: str
    model: str
    event: str
    calls: int
    failures: int
    error: str | None
    open_seconds: int
    raw: bytes


def waiting() -> list[BreakerEvent]:
    """The oldest first. Raises ConfigError and Unreachable."""
    try:
        return [read(raw) for raw in cast("list[bytes]", redis_scripts.client().lrange(script.EVENTS, 0, AT_ONCE - 1))]
    except RedisError as error:
        raise redis_access.trouble(error, redis_access.address()).error from None


def read(raw: bytes) -> BreakerEvent:
    found: dict[str, Any] = json.loads(raw)
    at = datetime.fromtimestamp(int(found.pop("at_ms")) / 1000, UTC)
    return BreakerEvent(at=at, raw=raw, error=found.pop("error", None), **found)


def forget(events: Sequence[BreakerEvent]) -> None:
    """By their values: another process may have read and forgotten some of them. Raises as `waiting` does."""
    try:
        with redis_scripts.client().pipeline(transaction=False) as pipe:
            for one in events:
                pipe.lrem(script.EVENTS, 1, cast("str", one.raw))
            pipe.execute()
    except RedisError as error:
        raise redis_access.trouble(error, redis_access.address()).error from None
