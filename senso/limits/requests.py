"""How many requests of a minute a subject has used, such as a token of the API; counted by Redis for all processes.

The state of a subject is one value under `senso:limit:api:<kind>:<subject>`, which expires by itself.
"""

import math
from dataclasses import dataclass

from redis.exceptions import RedisError

from senso.errors import ConfigError
from senso.limits.redis_scripts import PREFIX, Absence, Script

RATE = Script("rate.lua")
WINDOW_SECONDS = 60
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """`remaining`: requests that are allowed at once. Seconds are rounded up."""

    allowed: bool
    most: int
    remaining: int
    retry_seconds: int
    reset_seconds: int


class Counter:
    """Of one process."""

    def __init__(self) -> None:
        self.absence = Absence("Redis is away: requests of the API are not limited meanwhile")

    def take(self, kind: str, subject: str, most: int) -> Standing | None:
        """One request of `most` a minute; None while Redis cannot be asked. Raises nothing."""
        if self.absence.lasts:
            return None
        try:
            found = RATE((f"{PREFIX}api:{kind}:{subject}",), most, WINDOW_SECONDS * MICROSECONDS)
        except (RedisError, OSError, ConfigError) as error:
            self.absence.begin(error)
            return None
        allowed, remaining, retry, reset = map(int, found)
        return Standing(bool(allowed), most, remaining, seconds(retry), seconds(reset))


def seconds(microseconds: int) -> int:
    return math.ceil(microseconds / MICROSECONDS)


counter = Counter()
