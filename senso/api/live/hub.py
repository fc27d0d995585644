"""All listeners of this process. Everything in it happens in the thread of the event loop."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from senso.api.access.streams import Streams
from senso.api.live import wire
from senso.api.live.listening import Listener
from senso.reads.live import Event, Scope

ENDING: Final = "the server stops: reconnect with Last-Event-ID"
INVALID: Final = "the token is no longer valid"
LOGGED_OUT: Final = "the session has ended"
RESET: Final = "the events begin anew: reconnect"


class Hub:
    """`position`: the id up to which all listeners have been given their events; None until the first look.

    `streams`: those that are open, also while they still read what they missed.
    """

    def __init__(self, streams: Streams) -> None:
        self.position: int | None = None
        self.known = asyncio.Event()  # that position is
        self.listeners: defaultdict[Scope, set[Listener]] = defaultdict(set)
        self.streams = streams
        self.is_ending = False
        self.resets = 0

    def join(self, listener: Listener) -> None:
        """From now on it is given what is newer than what it has."""
        self.listeners[listener.scope].add(listener)
        if self.is_ending:
            listener.drop(ENDING)
        elif listener.resets != self.resets:
            listener.drop(RESET)

    def part(self, listener: Listener) -> None:
        self.listeners[listener.scope].discard(listener)
        if not self.listeners[listener.scope]:
            del self.listeners[listener.scope]

    @property
    def has_listeners(self) -> bool:
        return bool(self.streams.open)

    def skip_to(self, newest: int) -> None:
        """Where nobody listens, or before the first look."""
        if self.position is None or not self.listeners:
            self.position = newest
            self.known.set()

    def deliver(self, events: Sequence[Event]) -> None:
        """`events`: all that there are from behind the position, in the order of their ids."""
        for one in events:
            if self.position is None or one.id > self.position:
                self.give(one)
                self.position = one.id

    def give(self, one: Event) -> None:
        scopes = [Scope(partner=one.partner_id)] if one.partner_id else []
        whole = [listener for scope in (Scope(), *scopes) for listener in self.listeners.get(scope, ())]
        of_batch = self.listeners.get(Scope(batch=one.batch_id), ()) if one.batch_id else ()
        if not whole and not of_batch:
            return
        text = wire.event(one)
        for listener in (*whole, *of_batch):
            listener.put(one.id, text)
        if one.is_end:
            for listener in of_batch:
                listener.finish(wire.end())

    def reset(self, newest: int) -> None:
        """The ids have begun anew, as in a database that was restored: what listeners have is not what there is."""
        self.resets += 1
        self.drop(RESET)
        self.position = newest

    def drop_tokens(self, valid: Collection[UUID]) -> None:
        """Ends the streams of all others."""
        for listener in self.all():
            if listener.token not in valid:
                listener.drop(INVALID)

    def drop_sessions(self, valid: Collection[str]) -> None:
        """Ends the streams of all others; those of no session stay."""
        for listener in self.all():
            if listener.session is not None and listener.session not in valid:
                listener.drop(LOGGED_OUT)

    def end(self) -> None:
        """Ends all streams, so that the server can stop at once."""
        self.is_ending = True
        self.known.set()
        self.drop(ENDING)

    def drop(self, why: str) -> None:
        for listener in self.all():
            listener.drop(why)

    def all(self) -> list[Listener]:
        return [listener for together in self.listeners.values() for listener in together]
