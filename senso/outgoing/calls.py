"""POST to an address that a user has given."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from aiohttp import ClientError, ClientResponse
from yarl import URL

from senso.errors import Misconfigured, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import HEADERS, SUCCESS, header_seconds, proxy_for, session, time_for, translate
from senso.outgoing.addresses import Forbidden, Reach, require_plain
from senso.outgoing.connections import resolved, through

MOST_CHARACTERS: Final = 2000
GONE, TOO_MANY, PASSING, SERVER_FAULT = 410, 429, frozenset({408, 409, 425}), 500
REDIRECTS: Final = range(300, 400)


def check(url: str, reach: Reach) -> str:
    """The URL in its usual form. Raises Forbidden, or Unavailable if its host is not found at this moment."""
    address = address_of(url, reach)
    found = wait_for(resolved(str(address.host), int(address.port or 0), reach))
    if address.scheme != "https" and not all(ip_address(one).is_loopback for one in found):
        raise Forbidden("address", "it must begin with https://, unless it is on this machine")
    return str(address)


def address_of(url: str, reach: Reach) -> URL:
    """Raises Forbidden."""
    try:
        address = URL(url)
        host = address.host
    except ValueError:
        raise Forbidden("address", "it is no URL: write https://host/path") from None
    if len(url) > MOST_CHARACTERS or not url.isascii() or not url.isprintable() or not host:
        raise Forbidden("address", f"it must be https://host/path, of at most {MOST_CHARACTERS} ASCII characters")
    if address.user is not None or address.password is not None or address.fragment:
        raise Forbidden("address", "it must have neither a user nor a password nor a fragment in it")
    if address.scheme != "https" and not (address.scheme == "http" and reach is Reach.TEST):
        raise Forbidden("address", "it must begin with https://")
    require_plain(host, reach)
    return address


@dataclass(frozen=True, slots=True)
class Post:
    """`service`: what errors call it. `seconds`: for the whole call."""

    service: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    reach: Reach


def post(wanted: Post) -> int:
    """The status, a 2xx. Raises an OutsideError for any other, whose text repeats nothing of the reply.

    The body of the reply is not read, and redirects are not followed.
    """
    return wait_for(sent(wanted))


async def sent(wanted: Post) -> int:
    address, headers, tls_name = address_of(wanted.url, wanted.reach), {**HEADERS, **wanted.headers}, None
    proxy, connections, target = proxy_for(address), through(wanted.reach), address
    if proxy is not None:
        # The proxy is asked for the address that was checked, not for the name, which it would resolve once more.
        checked = await resolved(str(address.host), int(address.port or 0), wanted.reach)
        headers["Host"], tls_name = address.authority, address.host
        connections, target = session, address.with_host(checked[0])
    try:
        async with connections().post(
            target,
            data=wanted.body,
            headers=headers,
            timeout=time_for(wanted.seconds),
            allow_redirects=False,
            proxy=proxy,
            server_hostname=tls_name,
        ) as reply:
            return accepted(wanted.service, reply)
    except (ClientError, OSError, ValueError) as error:
        raise translate(wanted.service, error) from None


def accepted(service: str, reply: ClientResponse) -> int:
    status = reply.status
    if status in SUCCESS:
        return status
    said = "redirects are not followed" if status in REDIRECTS else "it did not accept it"
    if status == TOO_MANY or status in PASSING or status >= SERVER_FAULT:
        kind = RateLimited if status == TOO_MANY else Unavailable
        raise kind(service, said, status=status, retry_after_seconds=header_seconds(reply.headers))
    raise (Misconfigured if status == GONE else Refused)(service, said, status=status)
