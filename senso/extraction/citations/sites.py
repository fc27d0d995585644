"""Which pages a website of an org covers.

A website without a path covers its whole registrable domain, and so does one whose path only says a language, a country
or the home page. Any other path is a page, often on a platform (facebook.com/acme): it covers that page and what is
below it. On a platform, whose hosts and paths belong to its members, a path is always a page, and a host below the
platform's domain (acme.substack.com) covers that host alone.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from iso3166 import countries_by_alpha2

from senso.extraction.citations.addresses import canonical
from senso.extraction.citations.domains import anywhere, registrable
from senso.extraction.citations.tables import hosts

# ISO 639-1, and codes in use that are not of it.
LANGUAGES: Final = frozenset(
    re.findall(
        r"\w+",
        """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jp jv ka
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu iw in cn cz fil
    eng deu ger fra fre spa esp ita por jpn kor zho chi rus ara nld dut pol tur swe
        """,
    )
)
PLACES: Final = frozenset(code.lower() for code in countries_by_alpha2) | {"uk", "eu", "en", "usa", "gbr", "can"}
AREAS: Final = frozenset(
    re.findall(
        r"\w+",
        """
    intl int international global worldwide world row ww emea apac amer americas latam mena asia europe eu na
    english deutsch francais espanol italiano portugues nederlands 419 001 150 la hans hant latn cyrl
        """,
    )
)
HOME: Final = re.compile(
    r"(?:home|welcome|start|main|index|default|homepage|startseite|accueil|inicio|root)(?:\.[a-z]{2,5})?|"
    r"(?:web|guest|site)"
)
PAGE: Final = re.compile(r"\.(?:html?|aspx?|php|jsp)$")
MOST_SEGMENTS: Final = 4


class Site(NamedTuple):
    """`path`, `query`: what the page's must begin with, or have; "": any. `host`: "": any below the domain."""

    domain: str
    host: str
    path: str
    query: frozenset[str]


NOWHERE: Final = Site("", "", "", frozenset())


@lru_cache(maxsize=4096)
def site(website: str) -> Site:
    """`website` may be a bare host. Of what is none, a site that covers nothing."""
    found = canonical(website if "://" in website else f"https://{website}")
    if found is None:
        return NOWHERE
    parts = urlsplit(found)
    host, path = parts.hostname or "", parts.path.casefold()
    domain = registrable(host)
    query = frozenset(filter(None, parts.query.split("&")))
    if is_platform(domain):
        return Site(domain, "" if host == domain else host, path, query if path else frozenset())
    whole = not path or is_locale(path)
    return Site(domain, "", "" if whole else path, frozenset() if whole else query)


def is_platform(domain: str) -> bool:
    table = hosts().platforms
    return domain in table or anywhere(domain) in table


def is_locale(path: str) -> bool:
    """Whether each part of the path is a language, a country, an area of the world, or the home page."""
    segments = [PAGE.sub("", segment) for segment in path.strip("/").split("/")]
    return len(segments) <= MOST_SEGMENTS and all(map(is_locale_segment, segments)) and segments != ["web"]


def is_locale_segment(segment: str) -> bool:
    if HOME.fullmatch(segment) or segment in AREAS:
        return True
    codes = re.split(r"[-_]", segment)
    return len(codes) <= MOST_SEGMENTS - 1 and all(
        code in LANGUAGES or code in PLACES or (place > 0 and code in AREAS) for place, code in enumerate(codes)
    )


def covers(website: str, canonical_url: str, domain: str) -> bool:
    """`domain`: the registrable domain of the page; "": unknown, which nothing covers."""
    own = site(website)
    if not own.domain or own.domain != domain:
        return False
    if not own.host and not own.path and not own.query:
        return True
    parts = urlsplit(canonical_url)
    host, path = parts.hostname or "", parts.path.casefold()
    return (
        (not own.host or host == own.host or host.endswith(f".{own.host}"))
        and (not own.path or path == own.path or path.startswith(f"{own.path}/"))
        and own.query <= set(parts.query.split("&"))
    )
