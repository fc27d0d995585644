"""Programs of AI assistants, by the SDK's own client: over the standard input and output of a real `senso mcp`, and
over HTTP of a real `senso api`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from api_process import PATIENCE_SECONDS, serving
from ground import NOWHERE, addresses
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

COMMAND = ["-m", "senso.cli", "mcp"]


@dataclass
class Assistant:
    """`call` gives what a tool gives, `refused` the line of its refusal; `ask` any request of the client's."""

    ask: Any

    def __call__(self, name: str, **arguments: Any) -> CallToolResult:
        return self.ask("call_tool", name, arguments)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        found = self(name, **{key: given(value) for key, value in arguments.items()})
        assert not found.is_error, found.content[0].text
        return found.structured_content

    def refused(self, name: str, **arguments: Any) -> str:
        found = self(name, **{key: given(value) for key, value in arguments.items()})
        assert found.is_error, found.structured_content
        assert found.structured_content is None
        (said,) = [one.text for one in found.content]
        assert "\n" not in said
        return said


def given(value: Any) -> Any:
    return value if isinstance(value, int | list | None) else str(value)


@contextmanager
def started(folder, token: str, *, database: str, **more: str) -> Iterator[Assistant]:
    """A `senso mcp` of its own."""
    environment = {**os.environ, **addresses(NOWHERE), "DATABASE_URL": database, "SENSO_TOKEN": token}
    environment |= {"SENSO_HOME": str(folder / "home")} | more
    target = StdioServerParameters(command=sys.executable, args=COMMAND, env=environment, cwd=folder)
    with open(folder / "stderr.txt", "w") as errors, connected(target, errors) as assistant:  # noqa: PTH123
        yield assistant


@contextmanager
def connected(target: Any, _errors: Any = None) -> Iterator[Assistant]:
    """In a thread with a loop, for as long as the block runs."""
    with start_blocking_portal() as portal:
        opened = portal.wrap_async_context_manager(Client(target, read_timeout_seconds=PATIENCE_SECONDS))
        with opened as client:

            def ask(method: str, *arguments: Any) -> Any:
                return portal.call(getattr(client, method), *arguments)

            assistant = Assistant(ask)
            assistant.client = client
            yield assistant


@pytest.fixture
def by_stdio(database, tmp_path):
    """`by_stdio(token)`: a context manager."""
    return lambda token, **more: started(tmp_path, token, database=database, **more)


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    with serving(tmp_path_factory.mktemp("api"), given) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api


@pytest.fixture
def by_http(api):
    """`by_http(token)`: each call is a connection of its own."""

    def of(token: str) -> Assistant:
        async def once(method: str, *arguments: Any) -> Any:
            async with (
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS) as http,
                Client(streamable_http_client(f"{api.url}/mcp", http_client=http)) as client,
            ):
                return await getattr(client, method)(*arguments)

        return Assistant(lambda method, *arguments: anyio.run(once, method, *arguments))

    return of
