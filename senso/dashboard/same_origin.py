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
    """Whatever is said twice must be so twice: of which of them counts, a proxy may think otherwise."""
    sites = headers.getlist("sec-fetch-site")
    if sites:
        return set(sites) == {"same-origin"}
    host = headers.get("host", "")
    return bool(host) and set(map(host_of, headers.getlist("origin"))) == {host}


def host_of(origin: str) -> str:
    """Empty for what is no address, such as `null`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
