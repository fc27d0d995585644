"""Runs an application by uvicorn: its settings, its end."""

import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from senso.api.connections import Connection

KEEP_ALIVE_SECONDS = 5
# Less than `senso up` gives its children.
STOP_SECONDS = 10
MOST_HEAD_BYTES = 16_384


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  as uvicorn calls it
        """uvicorn's own raises the signal again at the end; a stop in good order has exit code 0."""
        self.force_exit = self.should_exit
        self.should_exit = True


def run(application: ASGIApp, listening: socket.socket) -> None:
    """Until SIGTERM or SIGINT: then no new request is taken, and those in hand are answered."""
    Server(configuration(application)).run([listening])


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
