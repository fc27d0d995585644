"""Runs an application by uvicorn: its settings, its end."""

import asyncio
import socket
from types import FrameType
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from senso.api.connections import Connection

KEEP_ALIVE_SECONDS = 5
# Less than `senso up` gives its children.
STOP_SECONDS = 10
MOST_HEAD_BYTES = 16_384


class Beside(Protocol):
    """What works beside the requests, for as long as the server does."""

    def begin(self, loop: asyncio.AbstractEventLoop) -> None: ...

    def end(self) -> None: ...


Served = tuple[ASGIApp, list[Beside]]


class Server(uvicorn.Server):
    def __init__(self, configuration: uvicorn.Config, *beside: Beside) -> None:
        super().__init__(configuration)
        self.beside = beside

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for one in self.beside:
            one.begin(asyncio.get_running_loop())
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams end first: they would go on for as long as requests have."""
        for one in self.beside:
            one.end()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  as uvicorn calls it
        """uvicorn's own raises the signal again at the end; a stop in good order has exit code 0."""
        self.force_exit = self.should_exit
        self.should_exit = True


def run(application: ASGIApp, listening: socket.socket, *beside: Beside) -> None:
    """Until SIGTERM or SIGINT: then no new request is taken, and those in hand are answered."""
    Server(configuration(application), *beside).run([listening])


def configuration(application: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        # Logs are ours. Its own access log would print paths, and its warnings tell of clients that speak no HTTP.
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )
