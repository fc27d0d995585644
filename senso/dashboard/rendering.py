"""Templates as pages, with the headers that keep them to themselves: no inline script or style, no other host."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from senso import __version__
from senso.api.access import Scope
from senso.api.access.caller import KEY
from senso.api.problems import Problem
from senso.dashboard import charts, files
from senso.dashboard.formats import FILTERS
from senso.dashboard.navigation import PLACES, is_at
from senso.dashboard.sessions import is_fragment
from senso.dashboard.states_shown import look
from senso.quantities import counted
from senso.reports.passages import plain

FOLDER = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# Pages show what only their reader may see.
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters.update(FILTERS | {"counted": counted, "plain": plain})
TEMPLATES.globals.update(asset=files.url, version=__version__, Scope=Scope, charts=charts, look=look)
TEMPLATES.globals.update(nav_places=PLACES, is_at=is_at)


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """A whole page, or a part of one for htmx: that is what the template says. `caller` is in each, None for nobody."""
    known = {"caller": getattr(request.state, KEY, None), "path": request.url.path}
    text = TEMPLATES.get_template(template).render(known | dict(values))
    return Response(text, status, HEADERS | dict(headers), "text/html")


def error_page(request: Request, problem: Problem) -> Response:
    """For htmx as a part, which takes the place of what was asked for."""
    template = "error_part.html" if is_fragment(request.headers) else "error.html"
    status, wait = HTTPStatus(problem.status), problem.response().headers.get("retry-after")
    values = {"title": status.phrase, "status": status.value, "detail": problem.detail}
    return page(request, template, values, status, {"Retry-After": wait} if wait else {})
