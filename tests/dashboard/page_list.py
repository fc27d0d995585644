"""The pages there are, by the routes of the dashboard: one that comes later is looked at without a change here."""

from types import SimpleNamespace
from typing import Any, cast

from senso.api.context import Context
from senso.dashboard.routes import routes

# What is no page: files, streams, and parts that pages ask for.
OTHERS = ("/assets/", "/live", "/auth")
# With what is asked for where a page has more to show then.
QUERIES = {"/jump": "?q=l"}


def served(router: Any, prefix: str = "") -> list[str]:
    found = []
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found += served(inner, prefix + (route.include_context.prefix or ""))
        elif "GET" in route.methods:
            found.append(prefix + route.path)
    return found


PAGES = sorted(path for path in served(routes(cast(Context, SimpleNamespace()))) if not path.startswith(OTHERS))


def address(page: str, values: dict[str, str]) -> str:
    """Raises KeyError where the world has no such thing: browser_world.py says what there is."""
    return page.replace(":path", "").format(**values) + QUERIES.get(page, "")
