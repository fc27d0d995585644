"""What goes wrong in a page is a page."""

import asyncio

from fastapi import Request
from structlog.contextvars import bound_contextvars

from senso.dashboard.page_route import OpenPage


def test_a_fault_of_ours_is_a_page_that_says_where_to_look():
    async def fails() -> None:
        raise ZeroDivisionError("a detail that nobody needs")

    route = OpenPage("/fails", fails)
    scope = {"type": "http", "method": "GET", "path": "/fails", "query_string": b"", "headers": [], "route": route}
    scope |= {"fastapi_inner_astack": None, "fastapi_function_astack": None, "state": {}, "path_params": {}}
    with bound_contextvars(request_id="r-1"):
        answer = asyncio.run(route.get_route_handler()(Request(scope)))

    assert answer.status_code == 500
    assert b"<h1>Internal Server Error</h1>" in answer.body
    assert b"r-1" in answer.body
    assert b"nobody needs" not in answer.body
