"""Connections that are made to checked addresses only.

A name is resolved for each new connection, and every address that it stands for is checked; the one that is connected
to is checked once more, which covers addresses that were given as such. So a name that stands for another address a
moment later reaches nothing. Host and TLS name stay those of the URL.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import ClientSession
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from senso.errors import Unavailable
from senso.http import session
from senso.outgoing.addresses import Reach, require, require_plain


class Checked(ThreadedResolver):
    def __init__(self, reach: Reach) -> None:
        super().__init__()
        self.reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        for one in found:
            require(one["host"], self.reach)
        return found


def open_socket(reach: Reach, info: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, address = info
    require(address[0], reach)
    return socket.socket(family, kind, protocol)


def through(reach: Reach) -> Callable[[], ClientSession]:
    """The kept connections of that reach. Called in the loop of `senso.event_loop`."""

    def kept() -> ClientSession:
        return session(reach, resolver=Checked(reach), use_dns_cache=False, socket_factory=partial(open_socket, reach))

    return kept


async def resolved(host: str, port: int, reach: Reach) -> list[str]:
    """The addresses of a host, all of them checked. Raises Forbidden, or Unavailable if there is no such host."""
    require_plain(host, reach)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable("address", f"no such host: {host}") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        require(address, reach)
    return addresses
