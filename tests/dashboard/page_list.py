"""The pages there are, by the routes of the dashboard: one that comes later is looked at without a change here."""

from types import SimpleNamespace
from typing import Any, cast

from senso.api.context import Context
from senso.dashboard.routes import routes

# What is no page by itself: files, streams, and parts that pages ask for. The report is a file that is also printed.
OTHERS = ("/assets/", "/live", "/overview", "/orgs/{org_id}/parts/", "/batches/{batch_id}/progress")
OTHERS += ("/batches/{batch_id}/sent", "/orgs/{org_id}/report")
FILES = (".csv", ".json")
# With what is asked for, where a page has nothing to show otherwise.
QUERIES = {
    "/jump": "?q=l",
    "/pause": "?scope=provider&name=openai",
    "/batches/change": "?action=retry&state=failed",
    "/orgs/{org_id}/explain": "?metric=mention_rate",
}


def served(router: Any, prefix: str = "") -> list[str]:
    found = []
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found += served(inner, prefix + (route.include_context.prefix or ""))
        elif "GET" in route.methods:
            found.append(prefix + route.path)
    return found


def is_page(path: str) -> bool:
    return not path.startswith(OTHERS) and not path.endswith(FILES)


PAGES = sorted(filter(is_page, served(routes(cast("Context", SimpleNamespace())))))


def address(page: str, values: dict[str, str]) -> str:
    """Raises KeyError where the world has no such thing: browser_world.py says what there is."""
    return page.format(**values) + QUERIES.get(page, "")


def name(page: str) -> str:
    """Of its picture."""
    return page.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "overview"
