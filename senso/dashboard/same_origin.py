"""Writes are taken from pages of this dashboard only, so that no other site can act with somebody's cookie."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from senso.api.problems import Problem

SAFE = {"GET", "HEAD"}


def require_same_origin(method: str, headers: Headers) -> None:
    """Raises Problem 403.

    By `Sec-Fetch-Site` (Fetch Metadata, W3C), which a page cannot set; where a browser sends none, by `Origin`, whose
    host is compared with that of the request: a proxy may have another scheme than its backend.
    """
    if method in SAFE or is_same(headers):
        return
    raise Problem(
        HTTPStatus.FORBIDDEN, "this was not sent by a page of this dashboard; open the page and send it there"
    )


def is_same(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")
