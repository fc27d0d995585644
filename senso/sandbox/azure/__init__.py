"""The endpoints of azure."""

from tornado.web import RequestHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = []
