"""The longest body that is read, and the longest time that it may take."""

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from senso.api.problems import Problem

MOST_BYTES = 1_000_000
MOST_SECONDS = 10


class BodyLimits:
    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> None:
        self.app, self.most_bytes, self.most_seconds = app, most_bytes, most_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = int(Headers(scope=scope).get("content-length", "0"))
        await self.app(scope, self.limited(receive, declared), send)

    def limited(self, receive: Receive, declared: int) -> Receive:
        """A length that is declared is refused before the body is sent; another one while it is read."""
        deadline, read, is_whole = asyncio.get_running_loop().time() + self.most_seconds, 0, False

        async def receive_within_limits() -> Message:
            nonlocal read, is_whole
            if is_whole:  # what is left to receive is that the client leaves, perhaps hours later
                return await receive()
            if declared > self.most_bytes:
                raise self.too_long()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise self.too_slow() from None
            read += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if read > self.most_bytes:
                raise self.too_long()
            return message

        return receive_within_limits

    def too_long(self) -> Problem:
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {self.most_bytes} bytes")

    def too_slow(self) -> Problem:
        said = f"the body was not sent within {self.most_seconds} s"
        return Problem(HTTPStatus.REQUEST_TIMEOUT, said, ends_connection=True)
