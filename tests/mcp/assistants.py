"""Programs of AI assistants, by the SDK's own client."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import start_blocking_portal
from api_process import PATIENCE_SECONDS
from ground import NOWHERE, addresses
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

COMMAND = ["-m", "senso.cli", "mcp"]


@dataclass
class Assistant:
    """`ask(method, *arguments)`: any request of the client's. `name`: of its server."""

    ask: Any

    def __call__(self, tool: str, /, **arguments: Any) -> CallToolResult:
        return self.ask("call_tool", tool, {key: given(value) for key, value in arguments.items()})

    def call(self, tool: str, /, **arguments: Any) -> Any:
        """What a tool gives."""
        found = self(tool, **arguments)
        assert not found.is_error, found.content[0].text
        return found.structured_content

    def refused(self, tool: str, /, **arguments: Any) -> str:
        """The line that says why."""
        found = self(tool, **arguments)
        assert found.is_error, found.structured_content
        assert found.structured_content is None
        (said,) = [one.text for one in found.content]
        assert "\n" not in said
        return said

    def walk(self, tool: str, /, **arguments: Any) -> list[Any]:
        """All rows, two at a time."""
        found, cursor = [], None
        for _ in range(500):
            told = self.call(tool, **arguments, limit=2, **({"cursor": cursor} if cursor else {}))
            found, cursor = found + told.get("items", told.get("changes")), told["next"]
            if cursor is None:
                return found
        raise AssertionError("no end")


def given(value: Any) -> Any:
    return value if isinstance(value, int | list | None) else str(value)


@contextmanager
def connected(transport: Any) -> Iterator[Assistant]:
    """The client is in a thread with a loop."""
    with start_blocking_portal() as portal:
        opened = portal.wrap_async_context_manager(Client(transport, read_timeout_seconds=PATIENCE_SECONDS))
        with opened as client:

            async def once(method: str, *arguments: Any) -> Any:
                found = getattr(client, method)
                return await found(*arguments) if callable(found) else found

            yield Assistant(lambda method, *arguments: portal.call(once, method, *arguments))


@contextmanager
def on_stdio(folder: Path, database: str, token: str) -> Iterator[Assistant]:
    """A `senso mcp` of its own; what it says besides is in `errors.txt` of the folder."""
    server = StdioServerParameters(
        command=sys.executable, args=COMMAND, env=environment(folder, database) | {"SENSO_TOKEN": token}, cwd=folder
    )
    with (folder / "errors.txt").open("w") as errors, connected(stdio_client(server, errlog=errors)) as assistant:
        yield assistant


def environment(folder: Path, database: str) -> dict[str, str]:
    ours = {"DATABASE_URL": database, "SENSO_HOME": str(folder / "home"), "LOG_FORMAT": "json"}
    return {**os.environ, **addresses(NOWHERE), **ours}


@asynccontextmanager
async def http(url: str, token: str) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as client,
        streamable_http_client(f"{url}/mcp", http_client=client) as streams,
    ):
        yield streams
