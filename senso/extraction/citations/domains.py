"""Domains that can be registered, and patterns of hosts as the tables write them."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tldextract import TLDExtract

# Only the list that came with the library: no network call, and all workers judge alike. Private suffixes count, since
# a.github.io and b.github.io have different owners.
LIST = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


class Split(NamedTuple):
    """`domain`: the registrable one; `name`: its first label; `is_listed`: whether the list has its suffix."""

    domain: str
    name: str
    is_listed: bool


@lru_cache(maxsize=4096)
def split(host: str) -> Split:
    found = LIST(host)
    if found.suffix and found.domain:
        return Split(f"{found.domain}.{found.suffix}", found.domain, is_listed=True)
    if found.suffix or found.ipv4 or ":" in host:
        return Split(host, "", is_listed=False)
    return Split(".".join(host.split(".")[-2:]), found.domain, is_listed=False)


def registrable(host: str) -> str:
    """The host itself if there is none: an IP address, a bare suffix.

    Below a top-level domain that is not listed, it is the last two labels: the default rule of the public suffix list.
    """
    return split(host).domain


def is_listed(host: str) -> bool:
    """Whether the host is below a suffix of the list, so that "node.js" is none."""
    return split(host).is_listed


def anywhere(host: str) -> str:
    """The pattern that stands for the domain below every suffix: `amazon.*` for amazon.co.jp."""
    return f"{split(host).name}.*"


def without_www(host: str) -> str:
    """The host without "www.", unless that is the name that was registered, as in www.gov.uk."""
    bare = host.removeprefix("www.")
    return bare if bare != host and split(bare).name else host


def parents(host: str) -> Iterator[str]:
    """The host and the domains above it, down to the registrable one."""
    last = registrable(host)
    yield host
    while host != last and "." in host:
        host = host.partition(".")[2]
        yield host
