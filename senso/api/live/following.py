"""The thread behind all streams of a process: one connection, however many listen."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from senso import supplied
from senso.api.live.hub import Hub
from senso.db import Connection, Engine, connect, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.queries import sessions
from senso.reads import live as rows
from senso.reads import tokens
from senso.workflows import live

POLL_SECONDS: Final = 0.25
ALONE_SECONDS: Final = 1.0  # while nobody listens
TOKEN_SECONDS: Final = 1.0
AT_ONCE: Final = 500
log = logger(__name__)


class Following:
    """Writes events when it is this process' turn, and hands new ones to the hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.ended = threading.Event()
        self.tokens_at = 0.0
        self.is_failing = False

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        threading.Thread(target=self.run, name="live", daemon=True).start()

    def end(self) -> None:
        """In the loop's thread. A thread that waits for a frozen Postgres is not waited for."""
        self.ended.set()
        self.hub.end()

    def run(self) -> None:
        own = connect(supplied.database().url, pool_size=1)
        try:
            while not self.ended.is_set():
                self.once(own)
                self.ended.wait(POLL_SECONDS if self.hub.has_listeners else ALONE_SECONDS)
        finally:
            own.dispose()

    def once(self, of: Engine) -> None:
        """Never raises: the next one must come."""
        try:
            live.look(of)
            self.read(of)
            self.check_tokens(of)
        except SensoError as error:
            self.missed(str(error))
        except Exception as error:  # noqa: BLE001  see the docstring
            self.missed(type(error).__name__)
        else:
            self.is_failing = False

    def missed(self, error: str) -> None:
        """Listeners are pinged meanwhile, and get what they missed when Postgres is back."""
        if not self.is_failing:
            log.warning("live events are late", error=error)
        self.is_failing = True

    def read(self, of: Engine) -> None:
        """Whatever is new, once for all listeners."""
        position = self.hub.position
        with transaction(of) as db:
            _, newest = rows.bounds(db)
            if position is None or not self.hub.has_listeners:
                self.call(self.hub.skip_to, newest)
            elif newest < position:
                self.call(self.hub.reset, newest)
            else:
                while position < newest:
                    found = rows.between(db, rows.Scope(), position, newest, most=AT_ONCE)
                    self.call(self.hub.deliver, found)
                    position = found[-1].id if found else newest

    def check_tokens(self, of: Engine) -> None:
        """Revoked and expired ones, and sessions that have ended, end their streams within two seconds."""
        if not self.hub.streams.tokens or time.monotonic() - self.tokens_at < TOKEN_SECONDS:
            return
        with transaction(of) as db:
            self.drop_invalid(db)
        self.tokens_at = time.monotonic()

    def drop_invalid(self, db: Connection) -> None:
        asked, of_sessions = self.hub.streams.tokens, self.hub.streams.sessions
        self.call(self.drop_tokens, asked, tokens.valid(db, asked))
        self.call(self.drop_sessions, of_sessions, sessions.valid(db, of_sessions))

    def drop_tokens(self, asked: list[UUID], valid: set[UUID]) -> None:
        """Those that have come since were valid a moment ago; people have no token."""
        self.hub.drop_tokens(valid | (set(self.hub.streams.open) - set(asked)))

    def drop_sessions(self, asked: list[str], valid: set[str]) -> None:
        """Those that have come since were valid a moment ago."""
        self.hub.drop_sessions(valid | (set(self.hub.streams.of_sessions) - set(asked)))

    def call(self, done: Callable[..., None], *given: Any) -> None:
        if not self.ended.is_set():
            self.loop.call_soon_threadsafe(done, *given)
