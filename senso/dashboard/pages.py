"""Adds the dashboard to the application of the API."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from senso.api import problems
from senso.api.context import Context
from senso.api.problems import Problem
from senso.dashboard import routes
from senso.dashboard.own import NOTHING, Own, keep
from senso.dashboard.rendering import error_page

PROGRAMS = ("/api/", "/e/")


def add(made: FastAPI, context: Context, own: Own = NOTHING) -> None:
    keep(made, own)
    made.include_router(routes.routes(context))
    made.add_exception_handler(HTTPException, of_routing)


async def of_routing(request: Request, error: Exception) -> Response:
    """No such path, or not by this method: a page for a browser, a problem for a program."""
    said = await problems.of_routing(request, error)
    if request.url.path.startswith(PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
        return said
    assert isinstance(error, HTTPException)  # noqa: S101  it is registered for these only
    return error_page(request, Problem(HTTPStatus(error.status_code), "there is no such page"))
