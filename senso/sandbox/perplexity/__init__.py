"""Perplexity's part of the sandbox.

Its endpoints are loaded when they are first asked for: they need the list of all faults, and that list is made from the
faults of each vendor, so it loads this package.
"""

from tornado.web import RequestHandler


def __getattr__(name: str) -> list[tuple[str, type[RequestHandler]]]:
    if name != "ROUTES":
        raise AttributeError(name)
    from senso.sandbox.perplexity.endpoints import ROUTES  # noqa: PLC0415  see above

    return ROUTES
