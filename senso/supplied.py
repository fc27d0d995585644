"""What a program is told once by its entry point, since the parts that need it are made only when they are first used.

`senso.edge` tells it; nothing else inside reads a setting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Supplied(Generic[T]):
    """Calls what was registered anew each time: an entry point may find out later, or otherwise than before."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.find: Callable[[], T] | None = None

    def register(self, find: Callable[[], T]) -> None:
        """For this process; a later one takes the place of an earlier one."""
        self.find = find

    def __call__(self) -> T:
        """Raises LookupError in a program whose entry point has said nothing, and what the registered one raises."""
        if self.find is None:
            raise LookupError(f"this program has not said {self.what}")
        return self.find()


@dataclass(frozen=True, slots=True)
class Database:
    """`pool_size`: connections that a process keeps at most."""

    url: str
    pool_size: int


@dataclass(frozen=True, slots=True)
class Traps:
    """`said`: as FAILPOINTS says them. `folder`: where they count how often they struck."""

    said: str
    folder: Path


database: Supplied[Database] = Supplied("where Postgres is")
redis_url: Supplied[str] = Supplied("where Redis is")
traps: Supplied[Traps] = Supplied("where it is to fail")
