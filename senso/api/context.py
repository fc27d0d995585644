"""What the routes need of the process that serves them; made once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from senso.api.access.streams import Streams
from senso.api.threads import Places
from senso.db import Connection, looking, read_engine, transaction
from senso.workflows.trigger import Terms

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one token. `requests`: in a minute, over all processes; `streams`: open at a time, in this process."""

    requests: int
    streams: int


@dataclass(frozen=True, slots=True)
class Context:
    """`terms`: how batches are opened at this moment. `history_days`: how far back an org of a network gets answers.

    `places`: of work that waits for Postgres. `streams`: whose places a route with a stream takes and gives back.
    """

    terms: Callable[[], Terms]
    history_days: int
    places: Places
    limits: Limits
    streams: Streams

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, in a read-only transaction in a thread, on DATABASE_READ_URL where that is set.

        Raises what it raises; Problem if it takes too long.
        """
        return await self.places.run(partial(read, work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, in a transaction in a thread; what it enqueued is published. Raises as `read` does."""
        return await self.places.run(partial(write, work))


def read(work: Callable[[Connection], T]) -> T:
    with looking(read_engine()) as db:
        return work(db)


def write(work: Callable[[Connection], T]) -> T:
    with transaction() as db:
        return work(db)
