"""Ends connections whose client is slow: to send a request, the rest of one that is answered, or to take answers.

uvicorn waits for all of it without end. While a request's body is read, `body_limits` has the clock.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_SECONDS = 10
# Of a client that takes nothing of what waits for it.
STUCK_SECONDS = 20


class Connection(H11Protocol):
    waits_for_client: asyncio.TimerHandle | None = None
    waits_to_write: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.forget()
        self.forget_writing()

    def pause_writing(self) -> None:
        """As much waits to be sent as is kept for one connection."""
        super().pause_writing()
        self.waits_to_write = self.loop.call_later(STUCK_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.forget_writing()

    def watch(self) -> None:
        """Starts the clock when it is the client's turn; a part of what it owes does not start it anew."""
        is_due = self.conn.their_state is h11.IDLE or (
            self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE
        )
        if not is_due:
            self.forget()
        elif self.waits_for_client is None:
            self.waits_for_client = self.loop.call_later(MOST_SECONDS, self.transport.abort)

    def forget(self) -> None:
        if self.waits_for_client is not None:
            self.waits_for_client.cancel()
            self.waits_for_client = None

    def forget_writing(self) -> None:
        if self.waits_to_write is not None:
            self.waits_to_write.cancel()
            self.waits_to_write = None
