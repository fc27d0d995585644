"""Contacts with the shared state of models.

`limit.lua` says what a request and a reply hold. The state of a model is one value under `senso:limit:<provider>/<its
name there>`; `senso:limit:models` holds the known models, `senso:limit:events` what breakers did and no row says yet.
"""

import json
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from senso.errors import ConfigError
from senso.limits.redis_scripts import PREFIX, Absence, Script

MODELS, EVENTS = f"{PREFIX}models", f"{PREFIX}events"
LIMIT = Script("limit.lua")
Message = dict[str, Any]


def key_of(provider: str, model: str) -> str:
    return f"{PREFIX}{provider}/{model}"


def run(ask: Mapping[str, Any]) -> Any:
    """Raises RedisError, OSError and ConfigError."""
    keys = key_of(ask["provider"], ask["model"]), MODELS, EVENTS
    return json.loads(LIMIT(keys, json.dumps(ask, separators=(",", ":"))))


class Contact:
    """Of one process."""

    def __init__(self) -> None:
        self.absence = Absence("no limits from Redis: this process keeps to a small rate of its own")

    def __call__(self, ask: Mapping[str, Any]) -> Message | None:
        """None while Redis cannot be asked. Raises nothing."""
        if self.absence.lasts:
            return None
        try:
            reply: Message = run(ask)
        except (RedisError, OSError, ConfigError, ValueError) as error:
            self.absence.begin(error)
            return None
        return reply


contact = Contact()
