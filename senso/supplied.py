"""What a program is told once by its entry point, since the parts that need it are made only when they are first used.

`senso.edge` tells it; nothing else inside reads a setting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Supplied(Generic[P, T]):
    """Calls what was registered anew each time: an entry point may find out later, or otherwise than before."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.find: Callable[P, T] | None = None

    def register(self, find: Callable[P, T]) -> None:
        """For this process; a later one takes the place of an earlier one."""
        self.find = find

    def __call__(self, *arguments: P.args, **options: P.kwargs) -> T:
        """Raises LookupError in a program whose entry point has said nothing, and what the registered one raises."""
        if self.find is None:
            raise LookupError(f"this program has not said {self.what}")
        return self.find(*arguments, **options)


@dataclass(frozen=True, slots=True)
class Database:
    """`pool_size`: connections that a process keeps at most."""

    url: str
    pool_size: int


@dataclass(frozen=True, slots=True)
class Service:
    """`another_key`: from a key that was refused to one that has taken its place; None where there is none."""

    base_url: str
    key: str
    another_key: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Traps:
    """`said`: as FAILPOINTS says them. `folder`: where they count how often they struck."""

    said: str
    folder: Path


database: Supplied[[], Database] = Supplied("where Postgres is")
redis_url: Supplied[[], str] = Supplied("where Redis is")
calls_in_flight: Supplied[[], int] = Supplied("how many calls it makes at a time")
# By the names of its two settings: base URL and key. Raises ConfigError when the key is missing.
service: Supplied[[str, str], Service] = Supplied("how a provider is reached")
reading_model: Supplied[[], str] = Supplied("which model reads answers")
names_model: Supplied[[], str] = Supplied("which model finds names")
traps: Supplied[[], Traps] = Supplied("where it is to fail")
