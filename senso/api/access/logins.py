"""Holds up an address from which wrong tokens come, without a look into the database.

A token that was accepted lately is still looked at: clients behind one proxy share its address.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from senso.api.problems import Problem
from senso.limits.requests import Standing, counter

MOST_FAILURES = 10  # in a minute, from one address
ACCEPTED_SECONDS = 3600
MOST_KEPT = 10_000
NEVER = float("-inf")
IPV6_NETWORK = 64  # bits: one client has all addresses of it
Count = Callable[[str, str, int], Standing | None]


class Logins:
    """Safe for threads: each change is one step. `shut_until`: by address; `accepted`: when, by the token's hash."""

    def __init__(self, count: Count = counter.take, clock: Callable[[], float] = time.monotonic) -> None:
        self.count, self.clock = count, clock
        self.shut_until: OrderedDict[str, float] = OrderedDict()
        self.accepted: OrderedDict[str, float] = OrderedDict()

    def require_open(self, address: str, digest: str | None) -> None:
        """`digest`: of the token, where it has the form of one. Raises Problem."""
        left = self.shut_until.get(address, NEVER) - self.clock()
        if left <= 0:
            return
        if digest is None or self.accepted.get(digest, NEVER) + ACCEPTED_SECONDS < self.clock():
            said = "too many requests without a valid token came from this address; send it again later"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, said, headers={"Retry-After": str(math.ceil(left))})

    def failed(self, address: str, digest: str | None) -> None:
        if digest is not None:
            self.accepted.pop(digest, None)
        standing = self.count("login", address, MOST_FAILURES)
        if standing is not None and not standing.allowed:
            keep(self.shut_until, address, self.clock() + standing.retry_seconds)

    def succeeded(self, digest: str) -> None:
        keep(self.accepted, digest, self.clock())


def keep(kept: OrderedDict[str, float], name: str, value: float) -> None:
    """Forgets the oldest beyond MOST_KEPT."""
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def network(address: str) -> str:
    """The address; of IPv6 the network that a client has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(found), IPV6_NETWORK), strict=False).network_address)
    return str(found)
