"""JSON bodies in which no member is given twice, as in import files: nobody can say which of the two was meant."""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Unambiguous(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), object_pairs_hook=members)


def members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Raises JSONDecodeError, which is answered 422."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise json.JSONDecodeError(f"{twice[:60]!r} is given twice", "", 0)
    return found


class Route(APIRoute):
    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_unambiguous(request: Request) -> Response:
            return await handle(Unambiguous(request.scope, request.receive))

        return handle_unambiguous
