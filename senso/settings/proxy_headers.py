"""Checks how a proxy names who has logged in to it: the header, and from where it is believed.

Each check raises PydanticCustomError.
"""

import re
from ipaddress import ip_network
from typing import Final

from pydantic_core import PydanticCustomError

from senso.settings.texts import listed

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
OF_BROWSERS: Final = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control", "connection"}
    | {"content-length", "content-type", "cookie", "date", "dnt", "expect", "forwarded", "from", "hx-request", "host"}
    | {"if-match", "if-modified-since", "if-none-match", "last-event-id", "origin", "pragma", "priority", "range"}
    | {"referer", "te", "transfer-encoding", "upgrade", "upgrade-insecure-requests", "user-agent", "via"}
    | {"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id"}
)


def check_header(name: str | None) -> str | None:
    """Refuses headers that browsers send by themselves: as the user's name, such a header would let everybody in."""
    if name and (not HEADER.fullmatch(name) or name.lower() in OF_BROWSERS or name.lower().startswith("sec-")):
        raise PydanticCustomError(
            "header", "must be the name of a header that only the proxy sets, such as X-Forwarded-User"
        )
    return name


def check_networks(said: str) -> str:
    for one in listed(said):
        try:
            ip_network(one)
        except ValueError:
            raise PydanticCustomError(
                "network", "must be addresses or networks such as 10.0.3.7 or 10.0.3.0/24, with commas between"
            ) from None
    return said
