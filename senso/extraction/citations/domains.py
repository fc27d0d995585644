"""Domains that can be registered, and patterns of hosts as the tables write them."""

from collections.abc import Iterator
from functools import lru_cache

from tldextract import TLDExtract

# Only the list that came with the library: no network call, and all workers judge alike. Private suffixes count, since
# a.github.io and b.github.io have different owners.
LIST = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The host itself if there is none: an IP address, a bare suffix.

    Below a top-level domain that is not listed, it is the last two labels: the default rule of the public suffix list.
    """
    found = LIST(host)
    if found.top_domain_under_public_suffix:
        return found.top_domain_under_public_suffix
    if found.suffix or found.ipv4 or ":" in host:
        return host
    return ".".join(host.split(".")[-2:])


@lru_cache(maxsize=4096)
def is_listed(host: str) -> bool:
    """Whether the host is below a suffix of the list, so that "node.js" is none."""
    return bool(LIST(host).top_domain_under_public_suffix)


@lru_cache(maxsize=4096)
def anywhere(host: str) -> str:
    """The pattern that stands for the domain below every suffix: `amazon.*` for amazon.co.jp."""
    return f"{LIST(host).domain}.*"


def parents(host: str) -> Iterator[str]:
    """The host and the domains above it, down to the registrable one."""
    last = registrable(host)
    yield host
    while host != last and "." in host:
        host = host.partition(".")[2]
        yield host
