"""What goes back over the line, and the two ways in which nothing useful does."""

from dataclasses import dataclass, field
from typing import Any

from senso.sandbox.fault_rules import Rule


@dataclass(frozen=True, slots=True)
class Reply:
    """A body that is text goes out as plain text, bytes as what claims to be JSON, anything else as JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


class Cut(Exception):
    """The connection ends without a reply."""


def proxy_error() -> Reply:
    """What stands before the service answers when the service does not: a page, not JSON."""
    page = (
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
    )
    return Reply(502, page, {"Server": "cloudflare"})


def broken_json() -> Reply:
    return Reply(200, b'{"id": "broken", "object": ')


def retry_headers(rule: Rule) -> dict[str, str]:
    return {} if rule.retry_after is None else {"Retry-After": f"{rule.retry_after:g}"}
