"""Values that the entry point of a program supplies once, for parts that are created when they are first used.

`senso.edge` registers them; nothing else below commands and tasks reads a setting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from senso.states import ReadingMode

P = ParamSpec("P")
T = TypeVar("T")


class Supplied(Generic[P, T]):
    """Calls the registered function on each use: an entry point may learn its value later, or change it."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.find: Callable[P, T] | None = None

    def register(self, find: Callable[P, T]) -> None:
        """Sets the function for this process; replaces an earlier one."""
        self.find = find

    def __call__(self, *arguments: P.args, **options: P.kwargs) -> T:
        """Raises LookupError if nothing is registered, and what the registered function raises."""
        if self.find is None:
            raise LookupError(f"this program has not said {self.what}")
        return self.find(*arguments, **options)


@dataclass(frozen=True, slots=True)
class Database:
    """`pool_size`: most connections that a process keeps."""

    url: str
    pool_size: int


@dataclass(frozen=True, slots=True)
class Service:
    """`another_key`: from a refused key to its replacement; None if there is none. `more`: further settings."""

    base_url: str
    key: str
    another_key: Callable[[str], str | None]
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """How calls go out. `proxy`: for https:// addresses; `no_proxy`: hosts that are reached without it."""

    most_bytes: int = 16 * 1024 * 1024  # of a reply
    proxy: str | None = None
    no_proxy: str = ""


@dataclass(frozen=True, slots=True)
class Alarming:
    """What alarms are made and sent with. `url`: of Slack; None: nowhere. `secrets`: never to be in a message.

    `failed_share`: how much of a batch may fail without an alarm. `clock`: what decides what is due by date.
    """

    url: str | None
    failed_share: float
    environment: str
    secrets: tuple[str, ...]
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Traps:
    """`said`: the text of FAILPOINTS. `folder`: where strikes are counted."""

    said: str
    folder: Path


database: Supplied[[], Database] = Supplied("where Postgres is")
# None: reads go to the same Postgres as writes.
read_database: Supplied[[], Database | None] = Supplied("whether another Postgres serves reads")
redis_url: Supplied[[], str] = Supplied("where Redis is")
calls_in_flight: Supplied[[], int] = Supplied("how many calls it makes at a time")
# Takes the names of its settings: base URL, key, and others by argument. Raises ConfigError when one is missing.
service: Supplied[[str, str, Mapping[str, str]], Service] = Supplied("how a provider is reached")
outgoing: Supplied[[], Outgoing] = Supplied("how calls go out")
reading_models: Supplied[[], Sequence[str]] = Supplied("which models read answers")
reading_mode: Supplied[[], ReadingMode] = Supplied("how answers are read")
# Versions of the prompt, each with its share in percent; none: the newest reads all.
reading_prompts: Supplied[[], Sequence[tuple[str, int]]] = Supplied("by which prompts answers are read")
orgs_per_reading: Supplied[[], int] = Supplied("for how many orgs a call reads an answer")
# The first encrypts, all decrypt; none: nothing is encrypted.
encryption_keys: Supplied[[], Sequence[str]] = Supplied("by which keys it encrypts")
# Whether webhooks may be on this machine, for tests.
webhooks_to_loopback: Supplied[[], bool] = Supplied("whether webhooks may be on this machine")
max_daily_cost: Supplied[[], int | None] = Supplied("what a day may cost")  # micro-dollars
names_model: Supplied[[], str] = Supplied("which model finds names")
traps: Supplied[[], Traps] = Supplied("where it is to fail")
alarming: Supplied[[], Alarming] = Supplied("where alarms are sent")
