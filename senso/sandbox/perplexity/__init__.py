"""The endpoints of perplexity."""

from tornado.web import RequestHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = []
