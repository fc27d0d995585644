"""GET /metrics for Prometheus, GET /health: whether this process answers. Anybody who reaches the port may ask."""

import asyncio
from collections.abc import Callable

from fastapi import FastAPI, Response

from senso.api.bare import bare
from senso.api.threads import in_thread


class OneAtATime:
    """Whoever asks while an answer is made gets that one."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self.make = make
        self.under_way: asyncio.Future[bytes] | None = None

    async def now(self) -> bytes:
        if self.under_way is None or self.under_way.done():
            self.under_way = in_thread(self.make)
        return await asyncio.shield(self.under_way)


def exporter(make: Callable[[], bytes], content_type: str) -> FastAPI:
    """`make`: the text of a scrape, in a thread."""
    made = bare()
    scrape = OneAtATime(make)

    @made.api_route("/metrics", methods=["GET", "HEAD"])
    async def metrics() -> Response:
        return Response(await scrape.now(), headers={"Content-Type": content_type})

    @made.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return made
