"""Which addresses may be reached.

An IPv6 address that carries an IPv4 address is judged by that one: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d),
6to4 (2002::/16), Teredo (2001::/32) and NAT64 (64:ff9b::/96, RFC 6052).
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from senso.errors import Refused

Address = IPv4Address | IPv6Address
# Where a cloud tells its machines their credentials, besides 169.254.169.254: AWS, Alibaba, Azure, Oracle.
METADATA: Final = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))
GLOBAL_UNICAST: Final = ip_network("2000::/3")
NAT64: Final = ip_network("64:ff9b::/96")
COMPATIBLE: Final = ip_network("::/96")
LAST_32_BITS: Final = 2**32 - 1
# A host whose last part is a number is an IPv4 address for the resolver, in decimal, octal or hex (RFC 6943, 3.1.1).
NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)


class Reach(StrEnum):
    """public: what is routed on the internet. test: loopback besides. own: all but metadata, link-local, multicast."""

    PUBLIC = "public"
    TEST = "test"
    OWN = "own"


class Forbidden(Refused, OSError):
    """The address may not be reached. Also an OSError, as the failures of a connection are."""


def require(address: str, reach: Reach) -> None:
    """Raises Forbidden. `address`: as a resolver returns it."""
    why = fault(ip_address(address), reach)
    if why:
        raise Forbidden("address", f"its host is {why}, which no call may reach")


def fault(address: Address, reach: Reach) -> str | None:
    carried = list(inside(address))
    if carried:
        return next((why for one in carried if (why := fault(one, reach))), None)
    if address in METADATA or address.is_link_local:
        return "a link-local or metadata address"
    if address.is_multicast:
        return "a multicast address"
    if reach is Reach.OWN or (reach is Reach.TEST and address.is_loopback):
        return None
    return None if is_public(address) else "a private, loopback or reserved address"


def is_public(address: Address) -> bool:
    return address.is_global and (address.version == 4 or address in GLOBAL_UNICAST)  # noqa: PLR2004


def inside(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries; ::1 and :: carry none."""
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in NAT64 or (address in COMPATIBLE and int(address) > 1):
        yield IPv4Address(int(address) & LAST_32_BITS)
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo


def require_plain(host: str, reach: Reach) -> None:
    """Raises Forbidden for an address that may not be reached, and for one that is not written in the usual form."""
    try:
        require(host, reach)
    except ValueError:
        if NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise Forbidden("address", "its host is a number that is no address as 203.0.113.5 is written") from None
