"""The replies of the sandbox, and the two exceptions that end a call: with a reply that is an error, or without any."""

from dataclasses import dataclass, field
from typing import Any

from senso.sandbox.fault_rules import Rule


@dataclass(frozen=True, slots=True)
class Reply:
    """A text body is sent as plain text, bytes are sent unchanged as if they were JSON, anything else as JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


class Cut(Exception):
    """The connection ends without a reply, or after these bytes of one that says that it is longer."""

    def __init__(self, begun: bytes = b"") -> None:
        self.begun = begun
        super().__init__()


def proxy_error() -> Reply:
    """The reply of a proxy in front of the service when the service does not answer: an HTML page, not JSON."""
    page = (
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
    )
    return Reply(502, page, {"Server": "cloudflare"})


def web_page() -> Reply:
    """Of a network that wants a login first, or of a service that is being worked on."""
    page = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to go on</h1></body></html>"
    return Reply(200, page, {"Content-Type": "text/html; charset=utf-8"})


def broken_json() -> Reply:
    return Reply(200, b'{"id": "broken", "object": ')


def retry_headers(rule: Rule) -> dict[str, str]:
    return {} if rule.retry_after is None else {"Retry-After": f"{rule.retry_after:g}"}
