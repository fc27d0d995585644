"""Which websites are an org's own, and which are its pages on somebody's platform."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from tldextract import TLDExtract

from senso.extraction.citations.domains import registrable
from senso.extraction.citations.sites import is_platform, site

# Private suffixes count: acme.github.io is a member's.
SUFFIXES = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def domains(websites: Iterable[str]) -> list[str]:
    """Hosts without "www."; skips a page on a platform (facebook.com/acme), but not a site's start page in a language
    (acme.com/en-us/)."""
    found = [host for website in websites if (host := own_host(website))]
    return list(dict.fromkeys(found))


def labels(websites: Iterable[str]) -> frozenset[str]:
    """Of each of the org's domains, the name that it registered: "acme-bank" of www.acme-bank.co.uk."""
    return frozenset(map(label, domains(websites)))


def label(host: str) -> str:
    """On a platform, the name of the member: "acme" of acme.wordpress.com."""
    found = SUFFIXES(host)
    if not found.suffix:
        return host.rpartition(".")[0].rpartition(".")[2] or host
    if found.subdomain and is_platform(registrable(host)):
        return found.subdomain.rpartition(".")[2]
    return found.domain or host.partition(".")[0]


def own_host(website: str) -> str | None:
    found = site(website)
    if found.path or found.query:
        return None
    parts = urlsplit(website if "://" in website else f"https://{website}")
    return (parts.hostname or "").removeprefix("www.") or None
