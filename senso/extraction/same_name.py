"""Which names mean one competitor: spellings, legal forms, domains and a ticker in brackets make no other one."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from senso.extraction.words import key
from senso.extraction.words.wanted import SUFFIXES, UMLAUTS, as_domain

# Behind a name: "Navy Federal (NFCU)", "Globex (XETRA: GBX)", "Bank of Larchland (BofL)".
SHORT_FORM = re.compile("[(（][株有주유][)）]|[㈱㈲㈜]")  # of a legal form, as a sign
TICKER = re.compile(r"(?<=\S)[ \t]{0,3}[(（](?:[A-Z]{2,8}: ?)?(?:[A-Z0-9]{2,6}|[A-Z][a-z]{1,3}[A-Z][A-Za-z]?)[)）]$")


@lru_cache(maxsize=16384)
def keys(name: str) -> tuple[str, ...]:
    """Two names that have a key in common are one competitor. The first key is how the name is written.

    "Initech.com" is Initech, and "JP Morgan" JPMorgan. A name with an umlaut has two: Müller is Muller and Mueller.
    """
    plain = compared(name)
    spelt = compared(name.translate(UMLAUTS))
    return (plain,) if spelt == plain else (plain, spelt)


def compared(name: str) -> str:
    bare = TICKER.sub("", SHORT_FORM.sub("", " ".join(name.split())))
    return key(label(bare) or bare).replace(" + ", " and ").replace(" ", "")


def label(name: str) -> str | None:
    """What is registered: "initech" of "www.initech.co.uk"; None if the name is no domain or one below another's."""
    if not as_domain(name):
        return None
    found = SUFFIXES(name.strip().casefold().removeprefix("www."))
    return found.domain if found.suffix and not found.subdomain else None


def settle(standing: dict[str, str], known: Iterable[str], name: str) -> None:
    """Lets `name` stand for these keys, or the name that stands for one of them already."""
    found = list(known)
    stands = next((standing[one] for one in found if one in standing), name)
    for one in found:
        standing.setdefault(one, stands)


def merged(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """By key, the name that stands for it. `known`: what is decided already. Of others that are one, the first stands.

    Those with more keys come first, since a name with an umlaut joins two spellings that have no key in common.
    """
    standing = dict(known)
    for name in sorted(names, key=lambda one: -len(keys(one))):
        settle(standing, keys(name), name)
    return standing
