"""The tools, a file for each kind of thing: each has TOOLS. What another partner has is not found."""

from senso.mcp.tool import Tool
from senso.mcp.tools import acting, answers, batches, findings, numbers, orgs, standing

TOOLS: tuple[Tool, ...] = (
    *orgs.TOOLS,
    *numbers.TOOLS,
    *answers.TOOLS,
    *findings.TOOLS,
    *batches.TOOLS,
    *standing.TOOLS,
    *acting.TOOLS,
)
BY_NAME = {one.name: one for one in TOOLS}
