"""The MCP server of `senso mcp`, and of `senso api` at /mcp: tools over the same reads and writes as the API.

tool       what a tool is: its name, its scope, what it takes and gives
arguments  what tools take
tools      the tools, a file for each kind of thing
outside    texts from outside: made harmless, and marked as what they are
calling    one call: who asks, whether they may, what they get, and errors in one line
server     the server of the SDK: lists the tools and calls them (instructions: what an assistant is told at the start)
stdio      on standard input and output, for a program on this machine
over_http  over streamable HTTP, behind the guard of the API
"""
