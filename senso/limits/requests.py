"""How many requests of a minute a subject has used, such as a token of the API; counted by Redis for all processes.

The state of a subject is one value under `senso:limit:api:<kind>:<subject>`, which expires by itself.
"""

import hashlib
import math
import threading
import time
from dataclasses import dataclass
from importlib.resources import files

from redis.exceptions import NoScriptError, RedisError

from senso.errors import ConfigError
from senso.limits.script import AWAY_SECONDS, PREFIX, SAID_EVERY_SECONDS, client
from senso.log import logger

SCRIPT = (files(__package__) / "rate.lua").read_text()
SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
WINDOW_SECONDS = 60
MICROSECONDS = 1_000_000
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """`remaining`: requests that are allowed at once. Seconds are rounded up."""

    allowed: bool
    most: int
    remaining: int
    retry_seconds: int
    reset_seconds: int


class Counter:
    """Of one process. While Redis is away nothing is counted, and it is tried again every few seconds."""

    def __init__(self) -> None:
        self.away_until = 0.0
        self.said_at = float("-inf")
        self.lock = threading.Lock()

    def take(self, kind: str, subject: str, most: int) -> Standing | None:
        """One request of `most` a minute; None while Redis cannot be asked. Raises nothing."""
        if time.monotonic() < self.away_until:
            return None
        try:
            allowed, remaining, retry, reset = run(f"{PREFIX}api:{kind}:{subject}", most)
        except (RedisError, OSError, ConfigError) as error:
            self.lost(error)
            return None
        return Standing(bool(allowed), most, remaining, seconds(retry), seconds(reset))

    def lost(self, error: Exception) -> None:
        now = time.monotonic()
        with self.lock:
            self.away_until = now + AWAY_SECONDS
            if now - self.said_at < SAID_EVERY_SECONDS:
                return
            self.said_at = now
        log.warning("Redis is away: requests of the API are not limited meanwhile", error=type(error).__name__)


def run(key: str, most: int) -> tuple[int, int, int, int]:
    values = key, most, WINDOW_SECONDS * MICROSECONDS
    try:
        found = client().evalsha(SHA, 1, *values)
    except NoScriptError:
        found = client().eval(SCRIPT, 1, *values)
    return tuple(map(int, found))  # type: ignore[return-value]  # four of them


def seconds(microseconds: int) -> int:
    return math.ceil(microseconds / MICROSECONDS)


counter = Counter()
