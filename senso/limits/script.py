"""Contacts with the shared state: one script of Redis, which is sent again after a restart or SCRIPT FLUSH.

`limit.lua` says what a request and a reply hold. The state of a model is one value under `senso:limit:<provider>/<its
name there>`; `senso:limit:models` holds the known models, `senso:limit:events` what breakers did and no row says yet.
"""

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from senso import redis_access, supplied
from senso.errors import ConfigError
from senso.log import logger

PREFIX = "senso:limit:"
MODELS, EVENTS = f"{PREFIX}models", f"{PREFIX}events"
# A message waits for so long at most for a Redis that is silent; then its process decides alone for AWAY_SECONDS.
ANSWER_SECONDS = 1.0
AWAY_SECONDS = 3.0
SAID_EVERY_SECONDS = 60.0
SCRIPT = (files(__package__) / "limit.lua").read_text()
SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
Message = dict[str, Any]
log = logger(__name__)


def key_of(provider: str, model: str) -> str:
    return f"{PREFIX}{provider}/{model}"


@lru_cache(maxsize=4)
def client_of(_url: str) -> Redis:
    """With connections of its own, which give up sooner than those for messages."""
    return redis_access.client(seconds=ANSWER_SECONDS)


def client() -> Redis:
    return client_of(supplied.redis_url())


def run(ask: Mapping[str, Any]) -> Any:
    """Raises RedisError, OSError and ConfigError."""
    words = json.dumps(ask, separators=(",", ":"))
    sent = 3, key_of(ask["provider"], ask["model"]), MODELS, EVENTS, words
    try:
        said = client().evalsha(SHA, *sent)
    except NoScriptError:
        said = client().eval(SCRIPT, *sent)
    return json.loads(said)


class Contact:
    """Of one process. While Redis is away nobody waits for it: it is tried again every few seconds."""

    def __init__(self) -> None:
        self.away_until = 0.0
        self.said_at = float("-inf")
        self.lock = threading.Lock()

    @property
    def is_away(self) -> bool:
        return time.monotonic() < self.away_until

    def __call__(self, ask: Mapping[str, Any]) -> Message | None:
        """None while Redis cannot be asked. Raises nothing."""
        if self.is_away:
            return None
        try:
            reply: Message = run(ask)
        except (RedisError, OSError, ConfigError, ValueError) as error:
            self.lost(error)
            return None
        return reply

    def lost(self, error: Exception) -> None:
        now = time.monotonic()
        with self.lock:
            self.away_until = now + AWAY_SECONDS
            if now - self.said_at < SAID_EVERY_SECONDS:
                return
            self.said_at = now
        log.warning("no limits from Redis: this process keeps to a small rate of its own", error=error_name(error))


def error_name(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}" if "user_script" in str(error) else type(error).__name__


contact = Contact()
