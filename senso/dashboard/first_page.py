"""Draws the overview once when the server starts, so that the first visitor does not wait for cold caches.

These are compiled templates, connections to Postgres and Redis, query plans, and table pages on disk.
"""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

from senso.api.access import Caller, Scope
from senso.api.context import Context
from senso.dashboard.rendering import TEMPLATES
from senso.dashboard.routes import overview

NOBODY: Final = Caller(UUID(int=0), "the server", None, Scope.READ)


class FirstPage:
    def __init__(self, context: Context) -> None:
        self.context = context

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self.drawing = loop.create_task(self.draw())

    def end(self) -> None:
        self.drawing.cancel()

    async def draw(self) -> None:
        """Errors are ignored here: a request for the page reports them."""
        with suppress(Exception):
            values = await overview.now(self.context, NOBODY)
            TEMPLATES.get_template("overview.html").render({"caller": NOBODY, "path": "/"} | values)
