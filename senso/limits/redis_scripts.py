"""Scripts in Redis, with connections of their own; and what a process does while Redis is away."""

import hashlib
import threading
import time
from functools import lru_cache
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

from senso import redis_access, supplied
from senso.log import logger

PREFIX = "senso:limit:"
# Nobody waits longer for a Redis that is silent; then the process decides alone for AWAY_SECONDS.
ANSWER_SECONDS = 1.0
AWAY_SECONDS = 3.0
SAID_EVERY_SECONDS = 60.0
log = logger(__name__)


@lru_cache(maxsize=4)
def client_of(_url: str) -> Redis:
    """With connections of its own, which give up sooner than those for messages."""
    return redis_access.client(seconds=ANSWER_SECONDS)


def client() -> Redis:
    return client_of(supplied.redis_url())


class Script:
    """A file of this package; sent again after a restart of Redis or SCRIPT FLUSH."""

    def __init__(self, file: str) -> None:
        self.text = (files(__package__) / file).read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: tuple[str, ...], *values: str | int) -> Any:
        """Raises RedisError, OSError and ConfigError."""
        try:
            return client().evalsha(self.sha, len(keys), *keys, *values)
        except NoScriptError:
            return client().eval(self.text, len(keys), *keys, *values)


class Absence:
    """Of Redis, as one process sees it: nobody waits for it meanwhile, and it is tried again every few seconds.

    `means`: what the log says, once a minute at most.
    """

    def __init__(self, means: str) -> None:
        self.means = means
        self.until = 0.0
        self.said_at = float("-inf")
        self.lock = threading.Lock()

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self.until

    def begin(self, error: Exception) -> None:
        now = time.monotonic()
        with self.lock:
            self.until = now + AWAY_SECONDS
            if now - self.said_at < SAID_EVERY_SECONDS:
                return
            self.said_at = now
        log.warning(self.means, error=error_name(error))

    def end(self) -> None:
        self.until = 0.0


def error_name(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}" if "user_script" in str(error) else type(error).__name__
