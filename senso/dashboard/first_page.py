"""The first page, read and drawn once as the server starts: whoever opens it first does not wait for what is read once.

That is the template's compilation, connections to Postgres and Redis, plans, and pages of tables that lie on the disk.
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
        """What goes wrong is told to whoever asks for the page."""
        with suppress(Exception):
            values = await overview.now(self.context, NOBODY)
            TEMPLATES.get_template("overview.html").render({"caller": NOBODY, "path": "/"} | values)
