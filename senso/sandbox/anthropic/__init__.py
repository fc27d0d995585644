"""The endpoints of anthropic."""

from tornado.web import RequestHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = []
