"""HTTP client for external services: every failure of a call becomes one of the OutsideErrors."""

import atexit
import errno
import json
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from typing import Any
from urllib.parse import urlencode
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import certifi
from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from yarl import URL

from senso import redaction, supplied
from senso.errors import ConfigError, Malformed, Misconfigured, OutsideError, RateLimited, Refused, TooLong, Unavailable
from senso.event_loop import wait_for
from senso.records import storable
from senso.supplied import Outgoing

CONNECT_SECONDS = 5
# The longest header line of a reply: some services put long policies and cookies there.
LONGEST_HEADER = 65_536
REASON_LENGTH = 300
HEADERS = {"User-Agent": "senso", "Accept-Encoding": "gzip, deflate"}
SUCCESS = range(200, 300)
PASSING = {408, 409, 425}
# No money, gone for good. Which 401s and 403s are of the key, the provider says.
MISCONFIGURED = {402, 410}
NOT_FOUND = 404
TOO_MANY = 429
SERVER_FAULT = 500
# 3.89s, 174ms, 7m12s, 33 seconds
DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)", re.IGNORECASE)
GIVEN_IN_TEXT = re.compile(rf"(?:try again in|retry (?:after|in)) ((?:{DURATION.pattern})+)", re.IGNORECASE)
UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
# Codes in a 429 for which waiting does not help: the account is empty, or has reached what it may spend.
NO_MONEY = {"insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"}
NO_MONEY |= {"project_spend_limit_exceeded", "organization_usage_limit_exceeded", "enforced_spend_limit_reached"}
NO_MONEY |= {"contract_spend_limit_reached"}
CODES = ("code", "type", "status", "error_code")
# A limit of tokens a minute, and how many this one request takes.
TOKENS = re.compile(r"Limit:? (\d{1,15}), (?:Used:? \d{1,15}, )?Requested:? (\d{1,15})\b")
LATE = "did not answer in time"
# What JSON can express and Postgres cannot store (see `storable`): as an escape, or as bytes that no decoder should
# accept. Two patterns, because `re` searches each by its first character: combined, they take eight times as long.
UNSTORABLE = (re.compile(rb"\\u(?:0000|[dD][89a-fA-F])"), re.compile(rb"\xed[\xa0-\xbf]"))


@dataclass(frozen=True, slots=True)
class Response:
    """`secrets`: the credentials that were sent, so that they can be removed from messages about the call."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    secrets: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Raises ValueError."""
        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("lists in lists without end") from None


# By name: the connections of this process and its event loop.
sessions: dict[str, ClientSession] = {}


def session(name: str = "", **connecting: Any) -> ClientSession:
    """The kept connections of that name. They retry no paid call: the row decides on retries.

    aiohttp sends a GET again if a kept connection turns out to be closed, but never a POST (aiohttp 3.14, client.py).
    `connecting`: options of its connector, where the name is used for the first time.
    """
    if name not in sessions:
        atexit.register(close)
        sessions[name] = opened(**connecting)
    return sessions[name]


def opened(**connecting: Any) -> ClientSession:
    return ClientSession(
        # No limit: the callers decide how many there are at a time.
        connector=TCPConnector(limit=0, ssl=trusted(), **connecting),
        cookie_jar=DummyCookieJar(),
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
    )


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Made once: it takes longer than a call."""
    return ssl.create_default_context(cafile=certifi.where())


def close() -> None:
    """Closes the kept connections; a later call opens new ones."""

    async def closed() -> None:
        for name in list(sessions):
            await sessions.pop(name).close()

    atexit.unregister(close)
    if sessions:
        wait_for(closed())


@lru_cache(maxsize=64)
def time_for(seconds: float) -> ClientTimeout:
    """Limits the whole call: a service that sends a byte now and then never exceeds a limit for one read."""
    return ClientTimeout(total=CONNECT_SECONDS + seconds, sock_connect=CONNECT_SECONDS, sock_read=seconds)


async def request(  # noqa: PLR0913  as many as a request has parts
    service: str,
    method: str,
    url: str,
    *,
    timeout_seconds: float = 90,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    through: Callable[[], ClientSession] = session,
) -> Response:
    """Raises an OutsideError naming the service for anything but a 2xx. Redirects are not followed.

    `timeout_seconds` limits the whole call after connecting. Must be awaited in the loop of `senso.event_loop`.
    `through`: the connections of a call that goes through no proxy.
    """
    url = f"{url}?{urlencode(params)}" if params else url
    address = address_of(service, url)
    given, body = {**HEADERS, **sendable(service, headers or {})}, None
    if json is not None:
        given["Content-Type"], body = "application/json", encoded(service, json)
    timeout, proxy = time_for(timeout_seconds), proxy_for(address)
    try:
        async with (through if proxy is None else session)().request(
            method,
            address,
            data=body,
            headers=given,
            timeout=timeout,
            allow_redirects=False,
            proxy=proxy,
        ) as reply:
            content = await content_of(service, reply)
    except (ClientError, OSError, ValueError) as error:  # a timeout is an OSError
        raise translate(service, error) from error
    response = Response(reply.status, reply.headers, content, redaction.credentials(headers or {}, url))
    if response.status_code not in SUCCESS:
        raise failure(service, response)
    return response


def outgoing() -> Outgoing:
    return supplied.outgoing() if supplied.outgoing.find else Outgoing()


def proxy_for(address: URL) -> str | None:
    """As curl does: HTTPS_PROXY for https:// addresses whose host is not in NO_PROXY."""
    known = outgoing()
    if known.proxy is None or address.scheme != "https":
        return None
    host = address.host or ""
    return None if proxy_bypass_environment(host, {"no": known.no_proxy}) else known.proxy


async def content_of(service: str, reply: ClientResponse) -> bytes:
    """Reads up to the limit. What a compressed reply says of its length is true only before it unfolds."""
    most, content = outgoing().most_bytes, bytearray()
    if "Content-Encoding" not in reply.headers and reply.content_length is not None and reply.content_length <= most:
        return await reply.read()
    async for part in reply.content.iter_any():
        content += part
        if len(content) > most:
            reply.close()
            raise TooLong(service, f"its reply is longer than {most} bytes (MAX_REPLY_BYTES)", status=reply.status)
    return bytes(content)


def call(service: str, method: str, url: str, **options: Any) -> Response:
    """`request` for a thread: blocks until the reply is there."""
    return wait_for(request(service, method, url, **options))


def address_of(service: str, url: str) -> URL:
    """Without user and password: aiohttp refuses them next to the key that is sent with each call."""
    with suppress(ValueError):
        address = URL(url, encoded=True)
        if address.scheme in {"http", "https"} and address.host:
            return address.with_user(None)
    raise ConfigError(f"{service}: its base URL is not one: it must begin with https://")


def sendable(service: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Raises ConfigError: aiohttp's own message would quote an invalid header, and one of them is the key."""
    if all(value.isascii() and value.isprintable() for value in headers.values()):
        return headers
    raise ConfigError(f"{service}: its key holds what cannot be sent in a header, such as a line break")


def encoded(service: str, value: Any) -> bytes:
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise Refused(service, f"the request cannot be sent: {type(error).__name__}") from error


def translate(service: str, error: Exception) -> OutsideError | ConfigError:
    """An invalid address, such as a host with an empty label, is a wrong setting; all else may be temporary."""
    if isinstance(error, InvalidURL) or not isinstance(error, ClientError | OSError):
        return ConfigError(f"{service}: its base URL is not one: {type(error).__name__}")
    if isinstance(error, TimeoutError):
        return Unavailable(service, LATE)
    refused = getattr(error, "os_error", error)
    if isinstance(refused, Refused):  # by the connections themselves: see `senso.outgoing`
        return Refused(service, refused.reason)
    return Unavailable(service, f"the connection failed: {why(error)}")


def why(error: Exception) -> str:
    """Includes the host, which holds no key. The library's own messages are written for programmers."""
    if isinstance(error, ClientConnectorError) and error.errno is not None:
        if isinstance(error, ClientConnectorDNSError):
            return f"no such host: {error.host}"
        if error.errno == errno.ECONNREFUSED:
            return f"connection refused at {error.host}:{error.port}, nobody listens there"
    return type(error).__name__


def failure(service: str, response: Response) -> OutsideError:
    error = failed(service, response)
    with suppress(ValueError):
        error.body = response.json()
    return error


def failed(service: str, response: Response) -> OutsideError:
    status, said = response.status_code, reason(response)
    if status == TOO_MANY and not is_hopeless(response):
        return RateLimited(service, said, status=status, retry_after_seconds=wait_seconds(response))
    if status >= SERVER_FAULT or status in PASSING:
        return Unavailable(service, said, status=status, retry_after_seconds=wait_seconds(response))
    is_unknown = status == NOT_FOUND and is_of_the_service(response)  # the model, or the address
    if status in MISCONFIGURED or is_unknown or codes(response) & NO_MONEY:
        return Misconfigured(service, said, status=status)
    return Refused(service, said, status=status)


def is_of_the_service(response: Response) -> bool:
    """A gateway on the way, which may be wrong for a moment, answers with a page."""
    with suppress(ValueError):
        return isinstance(response.json(), dict)
    return False


def is_hopeless(response: Response) -> bool:
    """Whether no wait helps: by its code, or because the request alone takes more than the limit."""
    found = TOKENS.search(response.text)
    return bool(codes(response) & NO_MONEY) or bool(found and int(found[2]) > int(found[1]))


def codes(response: Response) -> set[str]:
    """The codes of a JSON error, whatever the vendor calls them."""
    with suppress(ValueError):
        body = response.json()
        error = body.get("error") if isinstance(body, dict) else None
        inner = error.get("details") if isinstance(error, dict) else None
        holders = [one for one in (error, inner) if isinstance(one, dict)]
        return {str(one[name]).lower() for one in holders for name in CODES if name in one}
    return set()


def reason(response: Response) -> str:
    """The vendor's own words, in storable form: the message of a JSON error, else the text, cut if it is long."""
    try:
        said = response.json()["error"]
        said = said["message"] if isinstance(said, dict) else said
    except (ValueError, KeyError, TypeError):
        said = response.text
    words = " ".join(storable(str(said)).split())
    return redaction.shown(words, response.secrets, REASON_LENGTH) or "no reason given"


def wait_seconds(response: Response) -> float | None:
    """How long the service asks us to wait: by a header, else in its text."""
    given = header_seconds(response.headers)
    return text_seconds(response.text) if given is None else given


def header_seconds(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return seconds_until(headers.get("retry-after", ""))


def seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):  # a time zone of a thousand years
        return None
    return max(0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def text_seconds(text: str) -> float | None:
    found = GIVEN_IN_TEXT.search(text)
    if found is None:
        return None
    return sum(float(count) * UNIT_SECONDS[unit.lower()] for count, unit in DURATION.findall(found[1]))


def json_of(service: str, response: Response) -> Any:
    """Raises Malformed. A failure sent with status 200 also has the vendor's words, so credentials are removed."""
    try:
        found = response.json()
    except ValueError as error:
        raise Malformed(service, "its answer is not JSON", status=response.status_code) from error
    try:
        if any(kind.search(response.content) for kind in UNSTORABLE):
            found = storable(found)
        is_told = redaction.is_in(response.content, response.secrets)
        return redaction.without(found, response.secrets) if is_told else found
    except RecursionError:
        reason = "its answer has lists in lists without end"
        raise Malformed(service, reason, status=response.status_code) from None
