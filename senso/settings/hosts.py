"""Checks that a URL (web or Redis) has a valid host and port."""

from typing import Final
from urllib.parse import urlsplit

LONGEST_NAME: Final = 253


def check_host(url: str) -> None:
    """Raises ValueError; the message quotes no part of the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError("has a host that is none; write [ ] in its password as %5B %5D") from None
    check_port(parts.netloc)
    check_name(host)


def check_name(host: str) -> None:
    """Raises ValueError for a name that sockets cannot encode; the message does not quote it."""
    try:
        name = host.encode("idna")  # also checks the length of each part
    except UnicodeError:
        raise ValueError("has a host that is none: a part between its dots is empty or over 63 characters") from None
    if len(name) > LONGEST_NAME:
        raise ValueError(f"has a host that is none: it is over {LONGEST_NAME} characters")


def check_port(netloc: str) -> None:
    try:
        port = urlsplit(f"//{netloc}").port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("must have a number between 1 and 65535 as its port")
