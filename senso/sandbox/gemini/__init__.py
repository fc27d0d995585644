"""The endpoints of gemini."""

from tornado.web import RequestHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = []
