"""One listener."""

import asyncio
from collections import deque
from typing import Final
from uuid import UUID

from senso.api.live import wire
from senso.reads.live import Scope

PING_SECONDS: Final = 15.0
# Of one listener. Its events are the same bytes for all listeners.
MOST_WAITING: Final = 1_000
TOO_SLOW: Final = "too slow: reconnect with Last-Event-ID"


class Listener:
    """`after`: the id of the last event that it has or that waits for it. All methods: in the event loop's thread.

    `resets`: how often ids had begun anew before anything was read for it. `session`: None where it has a token alone.
    """

    def __init__(self, scope: Scope, token: UUID, resets: int = 0, session: str | None = None) -> None:
        self.scope, self.token, self.session, self.resets, self.after = scope, token, session, resets, 0
        self.waiting: deque[bytes] = deque()
        self.ready = asyncio.Event()
        self.is_over = False

    def put(self, id_: int, text: bytes) -> None:
        """An event that it has already is left out."""
        if self.is_over or id_ <= self.after:
            return
        if len(self.waiting) >= MOST_WAITING:
            self.drop(TOO_SLOW)
            return
        self.after = id_
        self.waiting.append(text)
        self.ready.set()

    def finish(self, last: bytes) -> None:
        """After what waits and `last`, its stream ends."""
        if not self.is_over:
            self.waiting.append(last)
            self.is_over = True
            self.ready.set()

    def drop(self, why: str) -> None:
        """Its stream ends with a comment instead of what waits; the client comes back for that.

        One that ends already is left to its end.
        """
        if self.is_over:
            return
        self.waiting.clear()
        self.finish(wire.comment(why))

    async def take(self) -> bytes:
        """What waits, together; a ping if nothing comes for a while; b"" when its stream is at its end."""
        if not self.waiting and not self.is_over:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self.ready.wait()
            except TimeoutError:
                return wire.PING
        self.ready.clear()
        text = b"".join(self.waiting)
        self.waiting.clear()
        return text
