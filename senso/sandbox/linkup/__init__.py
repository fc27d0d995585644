"""The endpoints of linkup."""

from tornado.web import RequestHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = []
