"""A stream: first what its client has missed, read from rows, then what happens."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from senso.api.access import Caller
from senso.api.live import wire
from senso.api.live.hub import Hub
from senso.api.live.listening import Listener
from senso.api.threads import Places
from senso.db import Connection, transaction
from senso.reads import live, status
from senso.reads.live import Event, Scope
from senso.states import OPEN_BATCHES
from senso.workflows.live import document

AT_ONCE: Final = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Start:
    """`first`: what is sent before all else; `after`: the id from which it goes on. `is_end`: and nothing follows."""

    first: bytes
    after: int
    is_end: bool = False


def start(db: Connection, scope: Scope, last_id: int | None, *, is_of_all: bool) -> Start | None:
    """Where a stream begins. None: the batch has ended, and the client knows. `is_of_all`: for who sees all partners.

    Without `last_id`, a batch's stream begins with its latest event, another with the next one.
    """
    oldest, newest = live.bounds(db)
    is_gap = last_id is not None and (0 < last_id < oldest - 1 or last_id > newest)
    known = None if is_gap else last_id
    before = wire.gap((oldest, newest) if is_of_all else None) if is_gap else b""
    if scope.batch is not None:
        return start_of_batch(db, scope.batch, known, before, newest)
    if is_gap and last_id is not None and last_id < oldest:
        known = oldest - 1
    after = newest if known is None else known
    return Start(wire.beginning(after) + before, after)


def start_of_batch(db: Connection, batch: UUID, known: int | None, before: bytes, newest: int) -> Start | None:
    latest = live.latest(db, batch)
    if latest is None:
        return start_without_events(db, batch, known, before, newest)
    if known is not None and latest.is_end and latest.id <= known:
        return None
    after = latest.id - 1 if known is None else known
    return Start(wire.beginning(after) + before, after)


def start_without_events(db: Connection, batch: UUID, known: int | None, before: bytes, newest: int) -> Start | None:
    """Of a batch that has just been triggered, or whose events are no longer kept."""
    stands = status.batch(db, batch)
    after = newest if known is None else known
    if stands is None or stands.state in OPEN_BATCHES:
        return Start(wire.beginning(after) + before, after)
    if known is not None:
        return None
    owner = live.owner(db, batch)
    assert owner is not None  # noqa: S101  the batch is there
    return Start(before + wire.standing(document(stands, owner), after), after, is_end=True)


class Stream:
    """Made before anything is read for it."""

    def __init__(self, hub: Hub, places: Places, scope: Scope, caller: Caller) -> None:
        self.hub, self.places, self.scope = hub, places, scope
        self.listener = Listener(scope, caller.token_id, hub.resets, caller.session)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await primary(self.places, work)

    async def texts(self, begun: Start) -> AsyncIterator[bytes]:
        yield begun.first
        if begun.is_end:
            yield wire.end()
            return
        self.listener.after = begun.after
        await self.hub.known.wait()
        is_ended = False
        while (upto := self.hub.position or 0) > self.listener.after:
            found, self.listener.after = await self.missed(upto)
            if found:
                is_ended = found[-1].is_end
                yield b"".join(map(wire.event, found))
        # Nothing is awaited between the comparison above and this line: what is newer comes from the hub.
        self.hub.join(self.listener)
        try:
            if is_ended and self.scope.batch is not None:
                self.listener.finish(wire.end())
            while text := await self.listener.take():
                yield text
        finally:
            self.hub.part(self.listener)

    async def missed(self, upto: int) -> tuple[list[Event], int]:
        """A page of what there is after what the listener has, and the id up to which that is all."""
        after = self.listener.after
        found = await self.read(partial(live.between, scope=self.scope, after=after, upto=upto, most=AT_ONCE))
        return found, found[-1].id if len(found) == AT_ONCE else upto


class Streaming(EventSourceResponse):
    """`left`: called when the stream is over, however it ends."""

    def __init__(self, texts: AsyncIterator[bytes], left: Callable[[], None]) -> None:
        # nginx is told not to collect what is sent.
        super().__init__(texts, headers={"X-Accel-Buffering": "no"})
        self.left = left

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.left()


async def primary(places: Places, work: Callable[[Connection], T]) -> T:
    """What `work` returns, in the database that is written to.

    A replica may be behind what the hub has delivered, and what is read between two ids must be all that there is.
    """
    return await places.run(partial(within, work))


def within(work: Callable[[Connection], T]) -> T:
    with transaction() as db:
        return work(db)
