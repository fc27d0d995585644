"""What the routes need of the process that serves them; made once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from senso.api.access.streams import Streams
from senso.api.live.hub import Hub
from senso.api.problems import Problem
from senso.api.threads import Places
from senso.db import Connection, looking, read_engine
from senso.runtime.saving import retry_on_deadlock
from senso.workflows.cancelling import OpenedConcurrently
from senso.workflows.trigger import Terms

TURN_SECONDS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one token. `requests`: in a minute, over all processes; `streams`: open at a time, in this process."""

    requests: int
    streams: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the settings. `is_pushed`: results go to your application. `readers`, `names_model`: of models that read.

    `is_set`: whether the setting of that name, in small letters, has a value. `most_running`: batches at a time.
    `most_of_day`: what all calls of a day may cost, in micro-dollars; None: there is no ceiling.
    """

    is_pushed: bool
    readers: Sequence[str]
    names_model: str
    is_set: Callable[[str], bool]
    most_running: int
    most_of_day: int | None


@dataclass(frozen=True, slots=True)
class Context:
    """`terms`: how batches are opened at this moment. `history_days`: how far back an org of a network gets answers.

    `places`: of work that waits for Postgres. `streams`: whose places a route with a stream takes and gives back.
    `live`: who listens to live events.
    """

    terms: Callable[[], Terms]
    history_days: int
    places: Places
    limits: Limits
    streams: Streams
    live: Hub
    facts: Facts
    importing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, in a read-only transaction in a thread, on DATABASE_READ_URL where that is set.

        Raises what it raises; Problem if it takes too long.
        """
        return await self.places.run(partial(read, work))

    async def read_latest(self, work: Callable[[Connection], T]) -> T:
        """As `read`, where writes go: for what follows a write, which a replica may not have yet."""
        return await self.places.run(partial(read_latest, work))

    @asynccontextmanager
    async def turn_to_import(self) -> AsyncIterator[None]:
        """One import of this process at a time: they wait for each other here, and not in the places that all share.

        Raises Problem 503 if it was not its turn in time.
        """
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self.importing.acquire()
        except TimeoutError:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "another import is under way; send it again") from None
        try:
            yield
        finally:
            self.importing.release()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, in a transaction in a thread; what it enqueued is published. Raises as `read` does.

        After a deadlock, or where a batch is being opened, it is done again.
        """
        return await self.places.run(partial(write, work))


def read(work: Callable[[Connection], T]) -> T:
    with looking(read_engine()) as db:
        return work(db)


def read_latest(work: Callable[[Connection], T]) -> T:
    with looking() as db:
        return work(db)


def write(work: Callable[[Connection], T]) -> T:
    return retry_on_deadlock(work, OpenedConcurrently)
