"""People whom a proxy in front has let in, and names in a header of each request.

The header is believed from the addresses of such proxies only; whoever else can reach the port of the API can write it
too. docs/decisions/0043-logging-in.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from uuid import UUID, uuid5

from starlette.requests import Request

from senso.api.access import Caller, Scope
from senso.log import logger

PEOPLE = UUID("5f0f6a5e-6a27-4a37-9a43-3f5a4d5b6d10")
LONGEST = 100
EVERYBODY = "*"
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Proxies:
    """`header`: None where nobody logs in so. `operators`: names of those who may act; all others read."""

    header: str | None = None
    networks: Sequence[IPv4Network | IPv6Network] = ()
    operators: frozenset[str] = frozenset()

    def person(self, request: Request) -> Caller | None:
        """None where the header names nobody, or not by one of these proxies."""
        if self.header is None:
            return None
        said = request.headers.getlist(self.header)
        if not said:
            return None
        if not self.are_at(request.client.host if request.client else ""):
            warnings.once("a header that names a person came from an address that is not in DASHBOARD_PROXIES")
            return None
        if len(said) > 1:
            warnings.once("a proxy has passed on more than one header that names a person: it must replace them")
            return None
        name = name_in(said[0])
        return None if name is None else self.caller(name)

    def are_at(self, address: str) -> bool:
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        own = getattr(found, "ipv4_mapped", None) or found
        return any(own in one for one in self.networks)

    def caller(self, name: str) -> Caller:
        may_act = name in self.operators or EVERYBODY in self.operators
        scope = Scope.OPERATE if may_act else Scope.READ
        return Caller(uuid5(PEOPLE, name), name, None, scope, is_person=True)


class Warnings:
    """Each is logged once in a process: whoever sends such headers would fill the log."""

    def __init__(self) -> None:
        self.said: set[str] = set()

    def once(self, what: str) -> None:
        if what not in self.said:
            self.said.add(what)
            log.warning(what)


warnings = Warnings()


def name_in(header: str) -> str | None:
    """HTTP's headers are bytes, which proxies write in UTF-8. None for what is no name of one line.

    Only HTTP's own spaces are taken away: a name with another one around it is somebody else.
    """
    try:
        name = header.encode("latin-1").decode("utf-8").strip(" \t")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return name if name.isprintable() and 0 < len(name) <= LONGEST and name != EVERYBODY else None
