"""The server of the SDK: lists the tools, and calls them for whoever asks."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as Listed

from senso import __version__
from senso.api.access import Caller
from senso.api.context import Context
from senso.mcp.calling import Refused, call
from senso.mcp.instructions import INSTRUCTIONS
from senso.mcp.tool import Tool
from senso.mcp.tools import BY_NAME, TOOLS

NAME, TITLE = "senso", "Senso"
SHOWN_OF_NAME = 60
# Of a request: whose it is. Raises Refused.
Admit = Callable[[ServerRequestContext[Any, Any]], Awaitable[Caller]]


def server(context: Context, admit: Admit) -> Server[Any]:
    """`admit`: asked at each call of a tool, so that a token that was revoked is of no use from then on."""

    async def list_tools(
        _request: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=list(listed()))

    async def call_tool(request: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"no tool {params.name[:SHOWN_OF_NAME]!r}; tools/list has those there are")
        try:
            told = await call(context, await admit(request), tool, params.arguments or {})
        except Refused as refused:
            return CallToolResult(content=[TextContent(type="text", text=str(refused))], is_error=True)
        return CallToolResult(content=[TextContent(type="text", text=told.text)], structured_content=told.structured)

    made: Server[Any] = Server(
        NAME,
        title=TITLE,
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    made.middleware.clear()  # of OpenTelemetry: nothing of a request goes into traces
    return made


@cache
def listed() -> tuple[Listed, ...]:
    return tuple(map(as_listed, TOOLS))


def as_listed(tool: Tool) -> Listed:
    hints = tool.hints
    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=without_titles(tool.takes.model_json_schema()),
        output_schema=without_titles(tool.gives.model_json_schema(mode="serialization")),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=hints.reads_only,
            destructive_hint=hints.destroys,
            idempotent_hint=hints.same_again,
            open_world_hint=hints.asks_outside,
        ),
    )


def without_titles(schema: Any) -> Any:
    """Each title repeats a name, and every one of them is read by a model that is paid for it."""
    if isinstance(schema, dict):
        return {
            name: {key: without_titles(inner) for key, inner in value.items()}
            if name in {"properties", "$defs"}
            else without_titles(value)
            for name, value in schema.items()
            if name != "title" or not isinstance(value, str)
        }
    return [without_titles(one) for one in schema] if isinstance(schema, list) else schema
